"""The service on a local Ray, with two replicas: the contract is that of `editjudge serve`."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from editjudge.cli.main import run
from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.errors import DeviceError
from editjudge.server.ray.deployment import app
from support.alike import assert_alike
from support.ray_service import RayService
from support.unirl_client import Sample, UniRlClient

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs the ray extra")
QUEUE = 2
CLIENTS = 60
"""More than both replicas and Ray's own queue take at a time with a queue of two each."""


@pytest.fixture(scope="module")
def edit() -> DemoInput:
    return load_demo()[0]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayService]:
    studio = {"bundle": "studio", "replicas": 2, "queue": QUEUE, "max_mb": 4}
    service = RayService(tmp_path_factory.mktemp("ray"), {"/": studio, "/nothing": {"bundle": "nothing"}})
    try:
        service.wait_until_ready()
        yield service
        assert service.interrupt() == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{service.address}/health")
    finally:
        service.close()


@pytest.fixture(scope="module")
def client(service: RayService) -> Iterator[httpx.Client]:
    limits = httpx.Limits(max_connections=CLIENTS)
    with httpx.Client(base_url=service.address, timeout=180, limits=limits) as client:
        yield client


def encode(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def printed(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What the command prints as JSON."""
    assert run([*arguments, "--json"]) == 0
    return json.loads(capfd.readouterr().out)


@needs_ray
@pytest.mark.slow
def test_answers_are_those_of_the_command(
    client: httpx.Client, edit: DemoInput, capfd: pytest.CaptureFixture[str]
) -> None:
    original, paths = str(edit.original), [str(candidate.file) for candidate in edit.candidates]
    files = [("original", edit.original.read_bytes()), ("edited", Path(paths[0]).read_bytes())]
    asked = {"instruction": edit.instruction}
    scored = client.post("/v1/score", data=asked, files=files)
    assert scored.headers["Editjudge-Bundle"].startswith("studio sha256:")
    assert_alike(scored.json(), printed(capfd, "score", original, paths[0], edit.instruction))

    sent = {"original": encode(edit.original), **asked}
    ranked = client.post("/v1/rank", json=sent | {"edited": [encode(Path(path)) for path in paths]}).json()
    expected = printed(capfd, "rank", original, edit.instruction, *paths)
    assert [row.pop("file") for row in ranked["ranking"]] == [None] * len(paths)
    for row in expected["ranking"]:
        del row["file"]
    assert_alike(ranked, expected)


@needs_ray
@pytest.mark.slow
def test_what_does_not_fit_is_refused_and_the_rest_answered_by_both_replicas(
    service: RayService, client: httpx.Client, edit: DemoInput
) -> None:
    body = {"original": encode(edit.original), "instruction": edit.instruction}
    bodies = [body | {"edited": encode(candidate.file)} for candidate in edit.candidates]
    expected = [client.post("/v1/score", json=body).json() for body in bodies]
    with ThreadPoolExecutor(CLIENTS) as threads:
        posts = [threads.submit(client.post, "/v1/score", json=bodies[i % len(bodies)]) for i in range(2 * CLIENTS)]
        answers = [post.result() for post in posts]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {answer.status_code for answer in refused} <= {429, 503}
    assert 0 < len(refused) < len(answers)
    for answer in refused:
        assert int(answer.headers["Retry-After"]) >= 1
    for index, answer in enumerate(answers):
        if answer.status_code == 200:
            assert_alike(answer.json(), expected[index % len(bodies)])
    replicas = {
        line["replica"] for line in service.requests() if line["route"] == "/v1/score" and line["status"] == 200
    }
    assert len(replicas) == 2


@needs_ray
@pytest.mark.slow
def test_errors_are_told_by_item(client: httpx.Client, edit: DemoInput, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    good = Sample("good", edit.instruction, edit.original, edit.candidates[0].file)
    bad = Sample("bad", edit.instruction, edit.original, tmp_path / "notes.txt")
    trainer = UniRlClient(client, ["ssim"])
    assert trainer.is_available()
    scored, failed = trainer.score([good, bad])
    assert 0 < scored.rewards["ssim"] < 1
    assert failed.rewards == {}
    assert "not a picture" in failed.errors["ssim"]


@needs_ray
@pytest.mark.slow
def test_bodies_are_refused_as_by_the_command(client: httpx.Client) -> None:
    pickled = client.post("/v1/score", content=b"\x80\x04N.", headers={"Content-Type": "application/octet-stream"})
    assert (pickled.status_code, list(pickled.json())) == (415, ["error"])
    large = client.post("/v1/score", json={"original": "A" * (5 * 2**20), "edited": "A", "instruction": "x"})
    assert (large.status_code, list(large.json())) == (413, ["error"])


@needs_ray
@pytest.mark.slow
def test_a_bundle_that_is_missing_is_told(service: RayService) -> None:
    service.wait_until_logged("DeviceError: there is no bundle named 'nothing'")


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is there")
def test_ray_is_named_where_it_is_missing() -> None:
    with pytest.raises(DeviceError, match=r"needs Ray Serve; pip install 'editjudge\[ray,serve\]'"):
        app({})
