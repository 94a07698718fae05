"""The answers of /v1/* are the command line's JSON, key for key, in either form of body; or its reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from editjudge.cli.main import run
from editjudge.datasets.demo import DemoInput
from editjudge.metrics.registry import METRICS
from editjudge.server.http.answers import wants_html
from support.alike import assert_alike
from support.request_bodies import encode, form_files, json_body

Capture = pytest.CaptureFixture[str]
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def command(capfd: Capture, *arguments: object) -> Any:
    """What a command prints as JSON."""
    capfd.readouterr()
    assert run([*map(str, arguments), "--json", "--device", "cpu"]) == 0
    return json.loads(capfd.readouterr().out)


@pytest.mark.parametrize("metrics", [None, "l2,ssim", "all"])
def test_a_score(capfd: Capture, client: TestClient, color: DemoInput, metrics: str | None) -> None:
    original, edited = color.original, color.candidates[1].file
    asked = {"instruction": color.instruction} | ({"metrics": metrics} if metrics else {})
    form = client.post("/v1/score", files=form_files(original, [edited]), data=asked)
    body = client.post("/v1/score", json={"original": encode(original), "edited": encode(edited), **asked})
    options = ["--metrics", metrics] if metrics else []
    expected = command(capfd, "score", original, edited, color.instruction, *options)
    assert (form.status_code, body.status_code) == (200, 200)
    assert_alike(form.json(), expected)
    assert_alike(body.json(), expected)
    assert form.headers["Editjudge-Bundle"].startswith("studio sha256:")


def test_a_ranking_with_one_that_cannot_be_read(
    capfd: Capture, client: TestClient, color: DemoInput, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.touch()
    files = [broken, *(one.file for one in color.candidates)]
    form = client.post("/v1/rank", files=form_files(color.original, files), data={"instruction": color.instruction})
    expected = command(capfd, "rank", color.original, color.instruction, *files)
    for row in expected["ranking"]:
        row["file"] = files[row["index"]].name
    expected["ranking"][-1]["error"] = form.json()["ranking"][-1]["error"]  # there it has a path, here it has none
    assert_alike(form.json(), expected)
    assert "empty" in form.json()["ranking"][-1]["error"]
    in_json = json_body(color, edited=[encode(one.file) for one in color.candidates], best=1)
    best = client.post("/v1/rank", json=in_json).json()["ranking"]
    assert [row["file"] for row in best] == [None] * len(color.candidates)
    assert best[0]["score"]["headline"] == expected["ranking"][0]["score"]["headline"]


def test_a_ranking_of_nothing_readable(client: TestClient, color: DemoInput) -> None:
    answer = client.post("/v1/rank", json=json_body(color, edited=["aGFsbG8=", "aGFsbG8="]))
    assert answer.status_code == 400
    assert answer.json()["error"]["kind"] == "InputError"
    assert answer.json()["error"]["message"].startswith("none of the candidates could be scored: ")


@pytest.mark.parametrize("asked", [True, False])
def test_differences(capfd: Capture, client: TestClient, color: DemoInput, asked: bool) -> None:
    edited = color.candidates[0].file
    instruction = [color.instruction] if asked else []
    data = {"instruction": color.instruction} if asked else {}
    answer = client.post("/v1/differences", files=form_files(color.original, [edited]), data=data)
    expected = command(capfd, "differences", color.original, edited, *instruction)
    names = {"original": color.original.name, "edited": edited.name}
    assert_alike(answer.json(), expected | names)


def test_a_reward(capfd: Capture, client: TestClient, color: DemoInput) -> None:
    edited = color.candidates[0].file
    answer = client.post("/v1/reward", json=json_body(color))
    assert_alike(answer.json(), command(capfd, "reward", color.original, edited, color.instruction))


@pytest.mark.parametrize(
    ("route", "words"), [("score", "Edit report"), ("rank", "Edit report"), ("differences", "What changed")]
)
def test_reports(client: TestClient, color: DemoInput, route: str, words: str) -> None:
    name = "<b>../../../etc/passwd\u202e.png"
    files = [("original", ("a.webp", color.original.read_bytes()))]
    files += [("edited", (name, one.file.read_bytes())) for one in color.candidates[: 2 if route == "rank" else 1]]
    data = {"instruction": "Make the car <script>blue</script>."}
    answer = client.post(f"/v1/{route}", files=files, data=data, headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert f"<title>{words}</title>" in answer.text
    assert "<script" not in answer.text
    assert "etc/" not in answer.text
    assert "\u202e" not in answer.text


def test_a_data_address_and_base64_for_addresses_are_pictures_too(client: TestClient, color: DemoInput) -> None:
    plain = encode(color.original)
    safe = plain.translate(str.maketrans("+/", "-_")).rstrip("=")
    forms = [
        plain,
        safe,
        f"data:image/webp;base64,{plain}",
        "\n".join(plain[i : i + 76] for i in range(0, len(plain), 76)),
    ]
    for one in forms:
        answer = client.post("/v1/score", json=json_body(color, edited=one))
        assert (answer.status_code, answer.json()["kind"]) == (200, "unchanged")


def test_a_time_limit_leaves_things_out(client: TestClient, color: DemoInput) -> None:
    answer = client.post(
        "/v1/score", json=json_body(color, metrics=",".join(m.spec.name for m in METRICS[1:2]), budget_ms=1)
    )
    assert answer.status_code == 200
    assert answer.json()["left_out"]


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (None, False), ("*/*", False), ("application/json", False), ("text/html", True), ("text/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", True), ("application/json, text/html;q=0.5", False),
        ("text/html;q=0", False), ("TEXT/HTML; Q=0.9, application/json;q=0.2", True), ("text/html;q=x", False),
        (";;,,=", False),
    ],
)  # fmt: skip
def test_what_a_client_prefers(accept: str | None, html: bool) -> None:
    assert wants_html(accept) is html
