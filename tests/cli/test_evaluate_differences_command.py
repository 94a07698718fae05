"""`editjudge evaluate differences` and `coherence`: reading both forms, printing, drawing, and bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from editjudge.cli.main import run
from editjudge.evaluation import read_annotations
from editjudge.evaluation.annotations.dice import write_dice
from support.command_line import assert_fails

Capture = pytest.CaptureFixture[str]
COMMANDS = ("differences", "coherence")


def pair(number: int, *differences: dict[str, Any]) -> dict[str, Any]:
    names = {"original": f"{number}.png", "edited": f"{number}-edited.png", "instruction": "add a hat"}
    return names | {"width": 640, "height": 400, "differences": list(differences)}


def difference(change: str, x: int, **more: Any) -> dict[str, Any]:
    return {"change": change, "element": "hat", "box": [x, 40, x + 100, 200]} | more


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve pairs with an asked and an unasked change each; in every third one is missed, in every fourth one made up.
    The folder of the files is the current one."""
    monkeypatch.chdir(tmp_path)
    true, found = [], []
    for number in range(12):
        asked, unasked = difference("ADD", 50, coherent=True), difference("EDIT", 300, coherent=False)
        true.append(pair(number, asked, unasked))
        shown = [asked | {"confidence": 0.9}, unasked | {"confidence": 0.6 + number / 100}]
        wrong = difference("REMOVE", 500, coherent=False, confidence=0.5)
        found.append(pair(number, *shown[: 1 if number % 3 == 0 else 2], *([wrong] if number % 4 == 0 else [])))
    for name, pairs in (("true.jsonl", true), ("found.jsonl", found)):
        Path(name).write_text("".join(json.dumps(one) + "\n" for one in pairs), encoding="utf-8")


@pytest.mark.usefixtures("lists")
@pytest.mark.parametrize("protocol", COMMANDS)
def test_it_prints_and_draws(capfd: Capture, protocol: str) -> None:
    command = ["evaluate", protocol, "found.jsonl", "true.jsonl", "--resamples", "50"]
    assert run([*command, "--plot", "plot.png"]) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    assert "From 12 pairs, 24 true differences, 23 differences found." in printed
    assert max(map(len, printed.splitlines())) <= 100
    assert run([*command, "--plot", "plot.svg", "--json"]) == 0
    result = json.loads(capfd.readouterr().out)
    assert (result["protocol"], result["data"], result["truth"]) == (protocol, "found.jsonl", "true.jsonl")
    assert result["options"] == {"resamples": 50, "seed": 0}
    cell = next(iter(result["tables"]["precision"]["rows"].values()))["recall .50"]
    assert (cell["value"], cell["count"]) == (pytest.approx(20 / 24), 24)
    assert cell["low"] < cell["value"] < cell["high"]
    assert cv2.imread("plot.png").std() > 10  # something is drawn
    assert Path("plot.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.usefixtures("lists")
def test_the_files_of_dice_give_the_same(capfd: Capture) -> None:
    for name in ("found", "true"):
        write_dice(Path(f"{name}.json"), read_annotations(f"{name}.jsonl"), Path(f"{name}-decided.json"))
    decisions = ["--decisions", "found-decided.json", "--true-decisions", "true-decided.json"]
    for protocol, options in (("differences", []), ("coherence", decisions)):
        tables = []
        for suffix, more in ((".jsonl", []), (".json", options)):
            assert run(["evaluate", protocol, f"found{suffix}", f"true{suffix}", *more, "--json"]) == 0
            tables.append(json.loads(capfd.readouterr().out)["tables"])
        assert tables[0] == tables[1]


@pytest.mark.usefixtures("lists")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["differences", "found.jsonl"], "TRUTH"),
        (["differences", "nowhere.jsonl", "true.jsonl"], "cannot read nowhere.jsonl: no such file"),
        (["differences", "found.jsonl", "."], "is no list of differences: its name must end in .json or .jsonl"),
        (["differences", "found.jsonl", "true.jsonl", "--resamples", "-1"], "--resamples"),
        (["differences", "found.jsonl", "true.jsonl", "--plot", "a.gif"], ".png or .svg"),
        (["differences", "found.jsonl", "true.jsonl", "--decisions", "a.json"], "--decisions"),
        (["coherence", "found.jsonl", "true.jsonl", "--decisions", "a.json"], "leave the decisions out"),
        (["coherence", "found.jsonl", "undecided.json"], "the truth decides of no difference"),
        (["coherence", "found.jsonl", "undecided.json", "--true-decisions", "no.json"], "cannot read no.json"),
    ],
)
def test_bad_input(capfd: Capture, arguments: list[str], words: str) -> None:
    write_dice(Path("undecided.json"), read_annotations("true.jsonl"))
    assert_fails(capfd, ["evaluate", *arguments], 2, words)
