"""The messages of docs/troubleshooting.md are those of the sources, and those of commands that fail."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editjudge.cli.main import run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
MESSAGES = re.findall(r"^\| `([^`]+)` \|", PAGE, re.M)
ANY = "…"
"""What stands for whatever differs."""


@cache
def read_texts() -> str:
    """Every text of the sources, a line each, with ANY in the place of values."""
    texts = []
    for path in sorted((ROOT / "runtime").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else ANY for part in node.values]
                texts.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\n".join(text.replace("\n", " ") for text in texts)


def as_pattern(message: str) -> str:
    return ".*".join(re.escape(part) for part in message.split(ANY))


def test_the_page_has_messages() -> None:
    assert len(MESSAGES) == len(set(MESSAGES)) > 30


@pytest.mark.parametrize("message", [message for message in MESSAGES if not message.startswith("Missing argument")])
def test_a_message_stands_in_the_sources(message: str) -> None:
    """Each clause between what differs, as what is wrong and what to do about it may be texts of their own."""
    for clause in re.split(rf"{ANY}|[;:] ", message):
        assert clause.strip(" ;:.()") in read_texts(), clause


def write_table(name: str, **row: object) -> str:
    pictures = {"original": "a.png", "edited": "a.png", "instruction": "make the car blue"}
    Path(name).write_text(json.dumps({**pictures, **row}), "utf-8")
    return name


def commands() -> dict[str, list[str]]:
    """By the beginning of a message, the command that says it; pictures and tables stand in the folder."""
    return {
        "Missing argument": ["rank", "a.png", "make it blue"],
        "there is no bundle named": ["score", "a.png", "a.png", "make it blue", "--bundle", "nope"],
        "the bundle … is not here": ["score", "a.png", "a.png", "make it blue", "--bundle", "photo-lite"],
        "… does not exist": ["score", "nothere.png", "a.png", "make it blue"],
        "… not a picture": ["score", "edits.jsonl", "a.png", "make it blue"],
        "… is an address; nothing": ["score", "https://example.org/a.png", "a.png", "make it blue"],
        "the instruction is empty": ["score", "a.png", "a.png", " "],
        "there is no region": ["mask", "a.png", "a.png", "make the car blue", "-o", "mask.png"],
        "there is no metric": ["score", "a.png", "a.png", "make it blue", "--metrics", "nope"],
        "… cannot be read: …; check": ["score-dataset", "nope.csv", "-o", "scores.csv"],
        "… has the columns": ["score-dataset", "odd.jsonl", "-o", "scores.csv"],
        "… has no column": ["evaluate", "human-alignment", "edits.jsonl"],
        "there is no …; make an index": ["find", "a red car"],
        "--host … can be reached from other machines; give": ["serve", "--host", "0.0.0.0"],
        "there is no study": ["study", "show", "nope.sqlite"],
        "--host … can be reached from other machines; say": [
            "study", "edits.jsonl", "--db", "r.sqlite", "--host", "0.0.0.0",
        ],
        "there are no ratings; they": ["calibrate", "edits.jsonl"],
        "row … has the rating": ["calibrate", "rated.jsonl", "-o", "ours"],
    }  # fmt: skip


@pytest.mark.parametrize("beginning", commands())
def test_a_command_that_fails_says_it(
    beginning: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save("a.png")
    write_table("edits.jsonl")
    write_table("rated.jsonl", human=9)
    Path("odd.jsonl").write_text(json.dumps({"before": "a.png", "after": "a.png"}), "utf-8")
    (message,) = [one for one in MESSAGES if one.startswith(beginning)]
    assert run(commands()[beginning]) in (2, 3)
    error = capfd.readouterr().err.strip().splitlines()[-1]
    assert re.match(f"editjudge: {as_pattern(message)}", error), error
