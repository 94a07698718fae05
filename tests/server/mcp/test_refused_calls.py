"""What the tools refuse, each in one line, and that they go on afterwards."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from mcp import Client, MCPError

from editjudge.datasets.demo import DemoInput
from support.mcp_client import MARKUP, answer, connect, refusal

pytestmark = pytest.mark.anyio

OUTSIDE = "is outside of the allowed folders; allow its folder with --allow"
GOOD = {"path": "original.webp"}


def png(height: int, width: int) -> str:
    """A grey picture in base64."""
    file = io.BytesIO()
    PIL.Image.fromarray(np.full((height, width, 3), 128, np.uint8)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../outside/secret.webp", "leads-out.webp", "out/secret.webp", "out/missing.webp", "edits/../../x"],
)
async def test_what_is_outside_is_told_alike_whether_it_is_there_or_not(client: Client, path: str) -> None:
    for original, edited, name in (({"path": path}, GOOD, "original"), (GOOD, {"path": path}, "edited")):
        told = await refusal(client, "differences", original=original, edited=edited)
        assert told == f"{name}: {path} {OUTSIDE}"


async def test_a_candidate_outside_ends_the_ranking(client: Client, edit: DemoInput) -> None:
    edited = [{"path": "edits/0.webp"}, {"path": "leads-out.webp"}]
    told = await refusal(client, "rank", original=GOOD, edited=edited, instruction=edit.instruction)
    assert told == f"edited[1]: leads-out.webp {OUTSIDE}"


async def test_a_link_within_the_folder_is_followed(client: Client) -> None:
    through, _ = await answer(client, "differences", original=GOOD, edited={"path": "within.webp"})
    straight, _ = await answer(client, "differences", original=GOOD, edited={"path": "edits/0.webp"})
    assert through["differences"] == straight["differences"] != []


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        ({"path": "missing.webp"}, "missing.webp is no file in the allowed folders"),
        ({"path": "edits"}, "edits is no file in the allowed folders"),
        ({"path": "pipe.webp"}, "pipe.webp is no file in the allowed folders"),
        ({"path": "round"}, "round"),
        ({"path": "a\0b"}, "no path that can be read"),
        ({"path": "n" * 5000}, "is no"),
        ({"path": "https://example.com/a.png"}, "is no file in the allowed folders"),
        ({"path": "file:///etc/passwd"}, "is no file in the allowed folders"),
        ({"path": "notes.txt"}, "the bytes are not a picture"),
        ({"path": "large.webp"}, "large.webp has more than 1,048,576 bytes"),
        ({"base64": "https://example.com/a.png"}, "is an address, and nothing is fetched"),
        ({"base64": "not base64!"}, "is no base64"),
        ({"base64": "AAAA"}, "the bytes are not a picture"),
        ({"base64": "A" * 1_500_000}, "more than the limit of 1,048,576"),
        ({"base64": png(600, 600)}, "than the 300,000 that are taken; scale it down"),
        ({"base64": png(4, 100)}, "a side under 8"),
        ({"base64": ""}, 'give {"path": "..."} or {"base64": "..."}'),
        ({"path": 7}, 'give {"path": "..."} or {"base64": "..."}'),
        ({"url": "https://example.com/a.png"}, "edited is an object with url; give"),
        ({"path": "edits/0.webp", "base64": "AAAA"}, "edited is an object with path, base64; give"),
        ("edits/0.webp", "edited is 'edits/0.webp'; give"),
        ([GOOD], "edited is of type list; give"),
        (None, "edited is missing; give"),
    ],
)
async def test_a_picture_that_cannot_be_taken(client: Client, picture: Any, words: str) -> None:
    told = await refusal(client, "differences", original=GOOD, edited=picture)
    assert words in told
    assert told.startswith(("edited", "the pictures have"))


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("score", {}, "original is missing"),
        ("score", {"original": GOOD, "edited": GOOD}, "instruction is None; say in English what was asked for"),
        ("score", {"original": GOOD, "edited": GOOD, "instruction": 3}, "instruction is 3"),
        ("score", {"original": GOOD, "edited": GOOD, "instruction": " "}, "instruction"),
        ("differences", {"original": GOOD, "edited": GOOD, "instruction": 3}, "instruction is 3"),
        ("differences", {"original": GOOD, "edited": GOOD, "zoom": 3}, "differences has no argument zoom; it has"),
        ("rank", {"original": GOOD, "edited": GOOD, "instruction": "x"}, "edited is of type dict; give a list"),
        ("rank", {"original": GOOD, "edited": [], "instruction": "x"}, "give a list of pictures"),
        ("rank", {"original": GOOD, "edited": [GOOD] * 7, "instruction": "x"}, "7 candidates, and 6 may be"),
        ("rank", {"original": GOOD, "edited": [GOOD, 1], "instruction": "x"}, "edited[1] is 1; give"),
    ],
)
async def test_arguments_that_are_none(client: Client, tool: str, arguments: dict[str, Any], words: str) -> None:
    assert words in await refusal(client, tool, **arguments)


@pytest.mark.parametrize("metrics", ["ssim", [], [3], ["sharpness"], ["all", "ssim"], ["vlm:sc_pq@llama:/etc/passwd"]])
async def test_metrics_that_are_none_or_would_ask_elsewhere(client: Client, metrics: Any) -> None:
    given = {"original": GOOD, "edited": GOOD, "instruction": "Make it blue.", "metrics": metrics}
    told = await refusal(client, "score", **given)
    assert told.startswith(("metrics is ", "there is no metric "))


async def test_when_no_candidate_can_be_read(client: Client, edit: DemoInput) -> None:
    given = {"original": GOOD, "edited": [{"path": "notes.txt"}], "instruction": edit.instruction}
    assert "none of the candidates could be scored" in await refusal(client, "rank", **given)


async def test_a_tool_that_there_is_not(client: Client) -> None:
    with pytest.raises(MCPError, match="there is no such tool; there are score, rank, differences"):
        await client.call_tool("<b>paint</b>", {})


async def test_a_name_that_is_markup_is_shown_as_it_is(client: Client, edit: DemoInput) -> None:
    given = {"original": GOOD, "edited": [{"path": MARKUP}], "instruction": edit.instruction}
    told, words = await answer(client, "rank", **given)
    assert told["ranking"][0]["file"] == MARKUP
    assert "<img src=x onerror=alert(1)>" in words
    missing = await refusal(client, "differences", original=GOOD, edited={"path": f"{MARKUP}x"})
    assert not {"\x1b", "\u202e"} & {*words, *missing}


async def test_without_a_folder_no_file_is_read(folder: Path, edit: DemoInput, tmp_path: Path) -> None:
    async with connect(tmp_path) as client:
        path = {"path": str(folder / "original.webp")}
        told = await refusal(client, "differences", original=path, edited=path)
        assert "no folder is allowed; hand in the picture as base64" in told
        picture = {"base64": base64.b64encode(edit.original.read_bytes()).decode()}
        found, _ = await answer(client, "differences", original=picture, edited=picture)
        assert (found["kind"], found["original"]) == ("unchanged", None)
