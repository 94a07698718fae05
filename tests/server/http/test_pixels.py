"""How many pixels a picture may have, and all pictures of a request together: 413 before anything is decoded."""

from __future__ import annotations

import io

import PIL.Image
import PIL.PngImagePlugin
import pytest
from starlette.testclient import TestClient

from editjudge.datasets.demo import DemoInput
from editjudge.server.http.bodies.pictures import SentPicture
from server.http.conftest import OpenClient, error_of
from support.request_bodies import encode, json_body


def test_more_pixels_than_are_taken(open_client: OpenClient, client: TestClient, color: DemoInput) -> None:
    client_of_few = open_client({"max_pixels": 1000})
    assert "original has more pixels than the 1,000" in error_of(
        client_of_few.post("/v1/score", json=json_body(color)), 413
    )
    bomb = io.BytesIO()
    PIL.Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    files = [("original", ("o.webp", color.original.read_bytes())), ("edited", ("bomb.png", bomb.getvalue()))]
    assert "scale it down" in error_of(client.post("/v1/differences", files=files), 413)


def test_more_pixels_together_than_are_taken(open_client: OpenClient, color: DemoInput) -> None:
    """What is decoded at once takes memory at once; a file that is sent twice is decoded once."""
    with PIL.Image.open(color.original) as opened:
        each = opened.width * opened.height
    several = [encode(candidate.file) for candidate in color.candidates[:2]]
    ranking = json_body(color, edited=several, best=1)
    fits, short = open_client({"max_request_pixels": 3 * each}), open_client({"max_request_pixels": 3 * each - 1})
    assert fits.post("/v1/rank", json=ranking).status_code == 200
    assert fits.post("/v1/rank", json=json_body(color, edited=[*several, *several])).status_code == 200
    words = f"the pictures together have more pixels than the {3 * each - 1:,}"
    assert words in error_of(short.post("/v1/rank", json=ranking), 413)
    alone = open_client({"max_request_pixels": 2 * each - 1})
    for path in ("/v1/score", "/v1/reward", "/v1/differences"):
        body = json_body(color, instruction=None if path == "/v1/differences" else color.instruction)
        assert "together" in error_of(alone.post(path, json=body), 413)


def test_pixels_are_counted_of_what_pillow_does_not_open() -> None:
    """A PNG with a text that Pillow refuses, whose pixels are read all the same; and a picture of a phone."""
    texts = PIL.PngImagePlugin.PngInfo()
    texts.add_text("long", "x" * 2**21, zip=True)
    content = io.BytesIO()
    PIL.Image.new("RGB", (40, 30)).save(content, "PNG", pnginfo=texts)
    assert SentPicture(content.getvalue()).pixels == 1200
    pillow_heif = pytest.importorskip("pillow_heif")
    content = io.BytesIO()
    pillow_heif.from_pillow(PIL.Image.new("RGB", (64, 32))).save(content)
    assert SentPicture(content.getvalue()).pixels == 2048
