"""`--budget-ms` of score and rank, and `--best` of rank, on the demo's pictures."""

from __future__ import annotations

import json

import pytest

from editjudge.cli.main import run
from editjudge.datasets.demo import DemoInput, load_demo


@pytest.fixture(scope="module")
def demo() -> DemoInput:
    return load_demo()[0]


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert run([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def test_a_score_says_what_was_left_out(demo: DemoInput, capsys: pytest.CaptureFixture[str]) -> None:
    edited = demo.candidates[0].file
    command = ("score", demo.original, edited, demo.instruction, "--device", "cpu", "--budget-ms")
    score = json.loads(told(capsys, *command, "0.001", "--json"))
    assert score["left_out"][0] == "parse"
    assert score["bpm"] is None
    assert "out_of_time" in score["flags"]
    assert score["models"]["parser"]["device"] == "cpu"  # it was loaded before time began
    shown = " ".join(told(capsys, *command, "0.001").replace("│", " ").split())
    assert "the instruction was not read" in shown
    assert "out of time: The time that was allowed was up" in shown
    assert json.loads(told(capsys, *command, "1000000", "--json"))["left_out"] == []


def test_a_ranking_of_the_best(demo: DemoInput, capsys: pytest.CaptureFixture[str]) -> None:
    files = [candidate.file for candidate in demo.candidates]
    command = ("rank", demo.original, demo.instruction, *files, "--device", "cpu")
    best, full = (json.loads(told(capsys, *command, "--json", *more))["ranking"] for more in (("--best", 1), ()))
    assert best[0]["index"] == full[0]["index"]
    assert best[0]["score"]["bpm"] == full[0]["score"]["bpm"]
    unscored = [row for row in best if row["score"] is None]
    assert unscored
    for row in unscored:
        assert (row["error"], row["ordered_by"]) == (None, "bound")
        assert row["left_out"] == f"at most {row['bound']:.2f}, so not among the best 1"
    assert all((row["bound"], row["left_out"]) == (None, None) for row in full)
    assert "so not among the best 1" in " ".join(told(capsys, *command, "--best", 1).split())


def test_a_ranking_without_time(demo: DemoInput, capsys: pytest.CaptureFixture[str]) -> None:
    files = [candidate.file for candidate in demo.candidates]
    command = ("rank", demo.original, demo.instruction, *files, "--device", "cpu", "--budget-ms", "0.001", "--json")
    first, *others = json.loads(told(capsys, *command))["ranking"]
    assert first["score"]["left_out"] or first["score"]["kind"] != "edit"
    assert {row["left_out"] for row in others} == {"the time that was allowed was up before"}
