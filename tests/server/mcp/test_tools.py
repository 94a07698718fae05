"""What the tools give, to the SDK's own client over the standard streams: the command line's JSON, and a few words."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mcp import Client

from editjudge.cli.main import run
from editjudge.datasets.demo import DemoInput
from support.alike import assert_alike
from support.mcp_client import answer

pytestmark = pytest.mark.anyio


def printed(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What the command prints as JSON."""
    assert run([*arguments, "--json"]) == 0
    return json.loads(capfd.readouterr().out)


async def test_there_are_three_tools_that_only_read(client: Client) -> None:
    tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == ["score", "rank", "differences"]
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert tool.annotations.idempotent_hint
        assert tool.annotations.open_world_hint is False
        assert tool.description
        for schema in (tool.input_schema, tool.output_schema):
            Draft202012Validator.check_schema(schema)
    assert tools[1].input_schema["properties"]["edited"]["maxItems"] == 6


async def test_a_score_is_that_of_the_command(
    client: Client, edit: DemoInput, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = str(folder / "original.webp"), str(folder / "edits" / "0.webp")
    given = {"original": {"path": paths[0]}, "edited": {"path": paths[1]}, "instruction": edit.instruction}
    score, words = await answer(client, "score", **given)
    assert_alike(score, printed(capfd, "score", *paths, edit.instruction))
    assert words.startswith(score["headline"])
    assert f"confidence {score['confidence']:.2f}" in words


async def test_metrics_are_measured_as_well(
    client: Client, edit: DemoInput, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = str(folder / "original.webp"), str(folder / "edits" / "0.webp")
    given = {"original": {"path": paths[0]}, "edited": {"path": paths[1]}, "instruction": edit.instruction}
    some, _ = await answer(client, "score", **given, metrics=["ssim", "l2"])
    assert_alike(some, printed(capfd, "score", *paths, edit.instruction, "--metrics", "ssim,l2"))
    everything, _ = await answer(client, "score", **given, metrics=["all"])
    assert_alike(everything, printed(capfd, "score", *paths, edit.instruction, "--metrics", "all"))


async def test_a_picture_is_handed_in_as_base64(client: Client, edit: DemoInput, folder: Path) -> None:
    text = base64.b64encode(edit.candidates[0].file.read_bytes()).decode()
    original = {"path": "original.webp"}  # of the allowed folder
    scores = [
        (await answer(client, "score", original=original, edited=edited, instruction=edit.instruction))[0]
        for edited in ({"path": "edits/0.webp"}, {"base64": text}, {"base64": f"data:image/webp;base64,{text}"})
    ]
    assert_alike(scores[1], scores[0])
    assert_alike(scores[2], scores[0])


async def test_a_ranking_is_that_of_the_command(
    client: Client, edit: DemoInput, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = [str(folder / "edits" / f"{number}.webp") for number in range(5)]
    original = str(folder / "original.webp")
    given = {"original": {"path": original}, "edited": [{"path": path} for path in paths]}
    ranking, words = await answer(client, "rank", **given, instruction=edit.instruction)
    assert_alike(ranking, printed(capfd, "rank", original, edit.instruction, *paths))
    first = ranking["ranking"][0]
    assert words.splitlines()[0].startswith(f"1. edited[{first['index']}], {first['index']}.webp: ")
    assert words.splitlines()[0].endswith(first["score"]["headline"])


async def test_a_candidate_that_cannot_be_read_comes_last(client: Client, edit: DemoInput) -> None:
    edited = [{"path": "notes.txt"}, {"base64": "AAAA"}, {"path": "edits/gone.webp"}, {"path": "edits/0.webp"}]
    given = {"original": {"path": "original.webp"}, "edited": edited}
    ranking, words = await answer(client, "rank", **given, instruction=edit.instruction)
    assert [row["index"] for row in ranking["ranking"]] == [3, 0, 1, 2]
    for row, line in zip(ranking["ranking"][1:], words.splitlines()[1:], strict=True):
        assert row["score"] is None
        assert ("is no file in the allowed folders" if row["index"] == 2 else "not a picture") in row["error"]
        assert line.endswith(row["error"])


async def test_differences_are_those_of_the_command(
    client: Client, edit: DemoInput, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = str(folder / "original.webp"), str(folder / "edits" / "0.webp")
    given = {"original": {"path": paths[0]}, "edited": {"path": paths[1]}}
    for asked in ([], [edit.instruction]):
        told, words = await answer(client, "differences", **given, **dict(zip(["instruction"], asked, strict=False)))
        assert_alike(told, printed(capfd, "differences", *paths, *asked))
        assert words.splitlines()[0].endswith("of the picture changed.")
        assert len(told["differences"]) == sum(line[0].isdigit() and ": " in line[:4] for line in words.splitlines())
