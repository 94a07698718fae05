"""The files of the page: what is served, with which headers, and that nothing in them leads elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from editjudge.metrics.flags import FLAGS
from editjudge.server.options import RequestLimits
from editjudge.server.routes.page import build_page

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "connect-src": "'self'",
    "form-action": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
FILES = sorted(Path(str(files("editjudge.server"))).joinpath("page").iterdir())

UNSAFE = (
    "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "style=", "onclick=",
)  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(build_page(RequestLimits(max_bytes=1000, max_items=3)))
    with TestClient(app) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/", "/page/page.js", "/page/page.css", "/page/words.json"])
def test_every_answer_has_the_strict_policy(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(entry.strip().split(" ", 1) for entry in headers["Content-Security-Policy"].split(";"))
    assert policy == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_page_finds_all_that_it_names(client: TestClient) -> None:
    """Its addresses are relative, so that a proxy may put the service below a path of its own."""
    named = re.findall(r'(?:src|href)="([^"]*)"', client.get("/").text)
    assert {"page/page.js", "page/page.css", "page/report.css", "page/icon.svg"} <= set(named)
    scripts = [path for path in FILES if path.suffix == ".js"]
    named += [f"page/{name}" for path in scripts for name in re.findall(r'from "\./([^"]*)"', path.read_text("utf-8"))]
    assert len(named) > 10
    for name in named:
        assert client.get(f"/{name}").status_code == 200, name


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/page/page.js", "text/javascript; charset=utf-8"),
        ("/page/report.css", "text/css; charset=utf-8"),
        ("/page/icon.svg", "image/svg+xml"),
        ("/page/words.json", "application/json"),
    ],
)
def test_kinds(client: TestClient, path: str, kind: str) -> None:
    assert client.get(path).headers["Content-Type"] == kind
    head = client.head(path)
    assert head.status_code == 200
    assert head.headers["Content-Type"] == kind


@pytest.mark.parametrize(
    "path",
    ["/page/", "/page/page.py", "/page/..%2foptions.py", "/page/../options.py", "/page//etc/passwd", "/index.html"],
)
def test_no_other_file_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_leads_elsewhere_and_no_text_becomes_markup(path: Path) -> None:
    text = path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "//" not in re.sub(r"^\s*//.*|\s// .*", "", text, flags=re.M)
    for unsafe in UNSAFE:
        assert unsafe not in text
    assert len(text.splitlines()) <= 250


def test_the_words_are_those_of_the_package(client: TestClient) -> None:
    words = client.get("/page/words.json").json()
    assert {name: word["meaning"] for name, word in words["flags"].items()} == {
        name: flag.meaning for name, flag in FLAGS.items()
    }
    assert words["flags"]["out_of_time"]["label"] == "out of time"
    assert words["flags"]["global"]["note"]
    assert not words["flags"]["no_op"]["note"]
    assert words["limits"] == {"bytes": 1000, "items": 3}
