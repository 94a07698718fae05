"""Bodies that are not what they should be: each is answered with its status and one clear sentence."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from starlette.testclient import TestClient

from editjudge.datasets.demo import DemoInput
from server.http.conftest import error_of
from support.request_bodies import encode, form_files, json_body

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 400, "the body is not JSON"),
        (b"null", 400, "JSON, and no object"),
        (b"[]", 400, "JSON, and no object"),
        (b'"' + b"x" * 100 + b'"', 400, "JSON, and no object"),
        (b'{"original": ', 400, "the body is not JSON"),
        (b'{"original": "\xff"}', 400, "UTF-8"),
        ('{"original": "a"}'.encode("utf-16"), 400, "UTF-8"),
        (b"[" * 40_000, 400, "nests its values too deeply"),
        (b'{"a":' * 40_000, 400, "nests its values too deeply"),
        (b"[" + b"0," * 60_000 + b"0]", 413, "more than 50,000 values"),
        (b'{"best": ' + b"9" * 5000 + b"}", 400, "too many digits"),
        (b'{"budget_ms": NaN}', 400, "holds NaN"),
        (b'{"budget_ms": -Infinity}', 400, "holds -Infinity"),
        (b'{"original": "a", "original": "b"}', 400, "'original' more than once"),
        (b'{"instruction": "a", "path": "/etc/passwd"}', 400, "no field 'path'"),
        (b'{"\\ud800": 1}', 400, "no field"),
    ],
)
def test_what_is_no_json(client: TestClient, content: bytes, status: int, words: str) -> None:
    assert words in error_of(client.post("/v1/score", content=content, headers=JSON), status)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"original": None}, "'original' is missing"),
        ({"edited": None}, "'edited' is missing"),
        ({"instruction": None}, "'instruction' is missing"),
        ({"original": 7}, "original is 7; give the bytes"),
        ({"original": {}}, "original is of type dict"),
        ({"edited": ["aGFsbG8="]}, "edited is of type list"),
        ({"edited": "aGFsbG8="}, "not a picture"),
        ({"edited": "not base64!"}, "edited is no base64"),
        ({"edited": "\ud800"}, "edited is no base64"),
        ({"edited": ""}, "edited is empty"),
        ({"edited": "/etc/passwd"}, "a picture"),
        ({"edited": "../../../../etc/passwd"}, "edited is no base64"),
        ({"edited": "http://169.254.169.254/latest/meta-data"}, "nothing is fetched"),
        ({"edited": "file:///etc/passwd"}, "nothing is fetched"),
        ({"edited": "data:text/plain,hallo"}, "without base64"),
        ({"instruction": ""}, "the instruction is empty"),
        ({"instruction": "x" * 5000}, "shorten it"),
        ({"instruction": "a\0b"}, "NUL"),
        ({"instruction": ["a"]}, "instruction is of type list"),
        ({"metrics": ""}, "no metric is named"),
        ({"metrics": "beauty"}, "there is no metric 'beauty'"),
        ({"metrics": "lpips"}, "which bundle studio lacks"),
        ({"metrics": "l2,vlm:sc_pq@llama:/etc/passwd"}, "asks a judge, which a service does not"),
        ({"metrics": 7}, "metrics is 7"),
        ({"compat": "guessed"}, "there is no compat 'guessed'"),
        ({"compat": []}, "there is no compat"),
        ({"budget_ms": 0}, "budget_ms (--budget-ms) is 0"),
        ({"budget_ms": True}, "budget_ms (--budget-ms) is True"),
        ({"budget_ms": 1e300}, "budget_ms (--budget-ms) is 1e+300"),
        ({"budget_ms": "fast"}, "budget_ms (--budget-ms) is 'fast'"),
        ({"best": 1}, "there is no field 'best'"),
    ],
)
def test_fields_that_are_not_what_they_may_be(
    client: TestClient, color: DemoInput, changed: dict[str, Any], words: str
) -> None:
    content = json.dumps(json_body(color, **changed))
    assert words in error_of(client.post("/v1/score", content=content, headers=JSON), 400)


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"edited": "aGFsbG8="}, 400, "give a list of pictures"),
        ({"edited": []}, 400, "'edited' is missing"),
        ({"edited": [7]}, 400, "edited picture 1 is 7"),
        ({"edited": ["aGFsbG8="] * 10_000}, 413, "10,000 edited pictures, more than the 64"),
        ({"best": 0}, 400, "best is 0"),
        ({"best": 2.5}, 400, "best is 2.5"),
        ({"best": 1, "budget_ms": 50}, 400, "choose one of them"),
    ],
)
def test_fields_of_a_ranking(
    client: TestClient, color: DemoInput, changed: dict[str, Any], status: int, words: str
) -> None:
    body = json_body(color) | {"edited": [encode(color.candidates[0].file)]} | changed
    assert words in error_of(client.post("/v1/rank", json=body), status)


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-pickle", "application/octet-stream", "application/python-pickle", "text/plain", "text/html",
        "application/x-www-form-urlencoded", "image/png", "application/json5", "", "multipart/mixed; boundary=x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("route", ["/v1/score", "/score"])
def test_bodies_of_other_kinds(client: TestClient, kind: str, route: str) -> None:
    content = pickle.dumps({"requests": []})
    error_of(client.post(route, content=content, headers={"Content-Type": kind} if kind else {}), 415)


def test_a_compressed_body(client: TestClient) -> None:
    words = error_of(client.post("/v1/score", content=b"x", headers=JSON | {"Content-Encoding": "gzip"}), 415)
    assert "compressed" in words


def test_a_pickle_that_calls_itself_json(client: TestClient) -> None:
    assert "UTF-8" in error_of(client.post("/v1/score", content=pickle.dumps({}), headers=JSON), 400)


@pytest.mark.parametrize(
    ("content", "kind", "status", "words"),
    [
        (b"", "multipart/form-data", 400, "no boundary"),
        (b"", "multipart/form-data; boundary=", 400, "no boundary"),
        (b"", "multipart/form-data; boundary=x", 400, "before its last boundary"),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400, "before its last boundary"),
        (b"hallo", "multipart/form-data; boundary=x", 400, "malformed"),
        (b"--x\r\nA: b\r\n\r\n1\r\n--x--\r\n", "multipart/form-data; boundary=x", 400, "has no name"),
        (b"--y\r\n\r\n--y--\r\n", "multipart/form-data; boundary=x", 400, "malformed"),
        (b"x", f"multipart/form-data; boundary={'b' * 5000}", 400, "malformed"),
    ],
)
def test_what_is_no_form(client: TestClient, content: bytes, kind: str, status: int, words: str) -> None:
    assert words in error_of(client.post("/v1/score", content=content, headers={"Content-Type": kind}), status)


def test_what_is_no_form_fills_no_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    client.post("/v1/score", content=b"hallo", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert not [record for record in caplog.records if record.name.startswith("python_multipart")]


def test_a_form_that_was_cut_off(client: TestClient, color: DemoInput) -> None:
    request = client.build_request("POST", "/v1/score", files=form_files(color.original, [color.original]))
    content = request.read()
    for end in (len(content) // 2, len(content) - 4):
        answer = client.post(
            "/v1/score", content=content[:end], headers={"Content-Type": request.headers["Content-Type"]}
        )
        assert "before its last boundary" in error_of(answer, 400)


@pytest.mark.parametrize(
    ("parts", "status", "words"),
    [
        ([("instruction", (None, b"a")), ("instruction", (None, b"b"))], 400, "'instruction' is there more than once"),
        ([("instruction", (None, b"\xff"))], 400, "not encoded in UTF-8"),
        ([("colour", (None, b"blue"))], 400, "no field 'colour'"),
        ([(f"field-{n}", (None, b"")) for n in range(5000)], 413, "parts"),
        ([("edited", ("e.png", b"x"))] * 2, 400, "send several to /v1/rank"),
        ([("budget_ms", (None, b"9" * 5000))], 400, "budget_ms"),
        ([("budget_ms", (None, b"nan"))], 400, "budget_ms"),
        ([("edited", ("e.png", b""))], 400, "empty"),
        ([], 400, "'edited' is missing"),
    ],
)
def test_parts_of_a_form(client: TestClient, color: DemoInput, parts: list[Any], status: int, words: str) -> None:
    files = [("original", ("o.webp", color.original.read_bytes())), *parts]
    has_edited = any(name == "edited" for name, _ in parts) or words.startswith("'edited'")
    if not has_edited:
        files.append(("edited", ("e.webp", color.original.read_bytes())))
    if all(name != "instruction" for name, _ in parts):
        files.append(("instruction", (None, color.instruction)))
    assert words in error_of(client.post("/v1/score", files=files), status)


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "C:\\boot.ini", "a\x1b[31m.png", "x" * 3000, "é\u202e.png", ""]
)
def test_file_names_are_names_and_nothing_else(client: TestClient, color: DemoInput, name: str) -> None:
    files = [("original", (name, color.original.read_bytes())), ("edited", (name, color.original.read_bytes()))]
    answer = client.post("/v1/differences", files=files)
    assert (answer.status_code, answer.json()["kind"]) == (200, "unchanged")


def test_paths_and_methods_that_there_are_not(client: TestClient) -> None:
    assert "nothing at this path" in error_of(client.get("/v2/score"), 404)
    assert "nothing at this path" in error_of(client.get("/v1/score/../../../etc/passwd"), 404)
    assert "nothing at this path" in error_of(client.post("/docs"), 404)
    assert "does not take GET; use POST" in error_of(client.get("/v1/score"), 405)
    assert "does not take DELETE; use GET" in error_of(client.delete("/health"), 405)
    assert client.delete("/health").headers["Allow"] == "GET, HEAD, OPTIONS"
    options = client.options("/v1/score")
    assert (options.status_code, options.headers["Allow"], options.content) == (204, "POST, OPTIONS", b"")


@pytest.mark.parametrize("path", ["/health", "/rewards", "/metrics", "/", "/nowhere"])
def test_heads(client: TestClient, path: str) -> None:
    head, whole = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers["Content-Type"] == whole.headers["Content-Type"]
