"""Scores and rankings in a terminal: what comes first, and what is not said where nothing was measured."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from editjudge.metrics import EditScore
from editjudge.metrics.bpm.score import PartScore, RegionScore, SemanticScore, Verdict
from editjudge.reports.candidates import Candidate, RankedEdit
from editjudge.reports.terminal import render_intent, render_score
from editjudge.reports.terminal_ranking import render_ranking, render_summary
from editjudge.types import Drift, EditIntent

HOSTILE = "Make it \x1b[31mred\x00 [bold]"


def shown(what: EditScore | RankedEdit, columns: int = 120, summary: bool = False) -> str:
    console = Console(width=columns, file=io.StringIO(), markup=False, highlight=False, emoji=False)
    if isinstance(what, EditScore):
        console.print(render_score(console, HOSTILE, what))
    else:
        console.print((render_summary if summary else render_ranking)(console, what))
    printed = console.file.getvalue()
    assert max(map(len, printed.splitlines())) <= columns
    assert not {"\x1b", "\x00"} & set(printed)
    return printed


def words(printed: str) -> str:
    """Without frames and line breaks."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", printed).split())


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_the_headline_comes_first_and_is_not_said_twice(score: EditScore, columns: int) -> None:
    told = words(shown(score, columns))
    assert told.index("Accept: the square turned blue.") < told.index("verdict: accept") < told.index("BPM 1.58 of 2")
    assert "well done with a probability of 93 %; the pictures show an edit" in told
    assert told.casefold().count("the square turned blue") == 1
    assert "Take this with care" in told


def test_without_confidence_there_is_no_bar_and_no_number(score: EditScore, unjudged: EditScore) -> None:
    for silent in (unjudged, replace(score, confidence=0.0)):
        printed = shown(silent)
        assert "BPM not measured" in printed
        assert not {"█", "░"} & set(printed)
        assert not re.search(r"\b[01]\.\d\d", printed)
    assert "not measured (modify, preserve, position, size)" in shown(unjudged)


def test_what_does_not_apply_has_no_bar(score: EditScore) -> None:
    printed = shown(replace(score, region=replace(score.region, score=None, position=None)))
    (line,) = (line for line in printed.splitlines() if "position" in line)
    assert "n/a" in line
    assert not {"█", "░"} & set(line)


def test_every_part_of_a_compound_is_told(compound: EditScore, unjudged: EditScore) -> None:
    told = words(shown(compound))
    assert "color: square → blue square modify 0.50 preserve 0.90 position 1.00 size 1.00 remove: spot" in told
    assert "modify 0.00 preserve 0.75 position 1.00 size 1.00 contrary" in told
    told = words(shown(replace(compound, bpm=None, confidence=0.0)))
    assert "color: square → blue square remove: spot → nothing contrary BPM not measured" in told


def test_what_does_not_apply_to_a_compound_is_not_said_to_be_unmeasured(compound: EditScore) -> None:
    """Beside a part that concerns the whole picture there is no rest to be preserved."""
    night = EditIntent("style", "all", "night")
    unknown, nothing = SemanticScore(None, None, None, None, None), RegionScore(None, None, None)
    local = replace(compound.parts[0], semantic=unknown)
    mixed = replace(
        compound, bpm=None, confidence=0.0, semantic=unknown, region=nothing,
        parts=(local, PartScore(night, unknown, nothing, ("global",))),
    )  # fmt: skip
    assert "BPM not measured (modify)" in words(shown(mixed))
    lost = replace(mixed, parts=(replace(local, region=nothing), mixed.parts[1]))
    assert "BPM not measured (modify, position, size)" in words(shown(lost))


@pytest.mark.parametrize(
    ("flags", "drift", "expected"),
    [
        (("shifted",), Drift((2.0, 0.01), 1.0, (1.0,) * 3, (0.0,) * 3), "shifted by 2.0 px right"),
        (("cropped",), Drift((-1.5, -3.0), 1.02, (1.0,) * 3, (0.0,) * 3),
         "shifted by 1.5 px left and 3.0 px up; scaled to 102.0 %"),
        (("tone_changed",), Drift((0.0, 0.0), 1.0, (0.95,) * 3, (0.0,) * 3), "5 % darker"),
        (("tone_changed",), Drift((0.0, 0.0), 1.0, (1.04, 1.0, 0.96), (0.0,) * 3), "red 4 % brighter, blue 4 % darker"),
        ((), Drift((0.0, 0.0), 1.0, (0.7, 1.0, 1.0), (9.0, 0.0, 0.0)), None),
    ],
)  # fmt: skip
def test_drift_is_told_where_it_was_put_back(
    score: EditScore, flags: tuple[str, ...], drift: Drift, expected: str | None
) -> None:
    told = words(shown(replace(score, flags=flags, alignment=drift)))
    assert ("put back before comparing" in told) == (expected is not None)
    assert (expected or "") in told


@pytest.mark.parametrize("columns", [40, 60, 100, 120, 140])
def test_a_ranking_says_which_ones_have_no_score(score: EditScore, unjudged: EditScore, columns: int) -> None:
    edit = RankedEdit(
        "Make it blue",
        (
            Candidate("a.png", score, "well done"),
            Candidate("b.png", unjudged, "painted anew"),
            Candidate("c.png", None, "broken", "c.png is empty"),
        ),
    )
    told = words(shown(edit, columns))
    assert told.startswith("well done: Accept: the square turned blue.")
    for word in ("1.58", "accept 0.93", "not judged", "confidence", "0.90", "0.00", "empty"):
        assert word in told
    assert "Ordered by what the pictures themselves show, for want of a score: 2." in told
    assert "for want of a score: 2." in words(shown(edit, columns, summary=True))
    assert ("a.png" in told) == (columns == 140)
    assert "for want" not in words(shown(RankedEdit("x", edit.candidates[:1]), columns))


def test_a_ranking_of_nothing_that_could_be_scored(unjudged: EditScore) -> None:
    reject = replace(unjudged, kind="unchanged", verdict=Verdict("reject", 0.0))
    edit = RankedEdit("Make it blue", (Candidate("a.png", unjudged), Candidate("b.png", reject)))
    told = words(shown(edit))
    assert told.startswith("a.png: Not scored: the original looks like a photograph.")
    assert "reject 0.00" in told
    assert "for want of a score: all." in told
    assert "need not be the best" not in told  # there is one edit, and what is none comes after it
    two = words(shown(RankedEdit("x", (Candidate("a.png", unjudged), Candidate("b.png", unjudged))), summary=True))
    assert "The first is the edit that changed least, which need not be the best." in two
    assert "first: Not scored" in two
    assert "last: Not scored" in two
    assert "modify" not in told
    assert [candidate.ordered_by for candidate in (*edit.candidates, Candidate("c", None))] == [
        "pictures", "pictures", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("intent", "line"),
    [
        (EditIntent("remove", "everyone", None, keep="bride"), "remove: everyone → nothing, keeping bride"),
        (EditIntent("add", None, "sign", text="Open 24/7!"), "add: nothing → sign, with the words “Open 24/7!”"),
        (EditIntent("other", "all", None), "other: no edit that can be told"),
        (EditIntent("style", "all", None), "style: whole picture → as asked"),
    ],
)
def test_an_intent_in_a_line(intent: EditIntent, line: str) -> None:
    assert render_intent(intent).plain == line
