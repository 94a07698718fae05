"""An instruction that asks for two things, from pictures to score, in the world whose models are exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editjudge.metrics import EditScore
from editjudge.parser.calibration import UNSURE
from editjudge.parser.result import ParseResult
from editjudge.scorer import Scorer
from editjudge.types import EditIntent
from support import toy_world
from support.toy_world import COLOR, REPLACE, draw

CAR, TOWER = ("red", "car", 60, 60), ("green", "tower", 150, 140)
BLUE_CAR, BOX = ("blue", "car", 60, 60), ("green", "box", 150, 140)
ORIGINAL = draw(CAR, TOWER)
BOTH, FIRST, SECOND = draw(BLUE_CAR, BOX), draw(BLUE_CAR, TOWER), draw(CAR, BOX)
NEITHER = draw(CAR, TOWER, ("blue", "box", 60, 150))
ASKED = "make the red car blue and replace the tower with a green box"


def scorer_that_reads(monkeypatch: pytest.MonkeyPatch, *intents: EditIntent, compat: str | None = None) -> Scorer:
    """A scorer whose parser finds these intents in whatever it reads."""
    scorer = toy_world.scorer(compat)
    parsed = ParseResult(intents, (UNSURE,) * len(intents), confident=True)
    monkeypatch.setattr(scorer, "_read", lambda instruction: parsed)
    return scorer


def without_time(score: EditScore | None) -> EditScore:
    assert score is not None
    return replace(score, timings_ms={})


def test_both_done_is_more_than_one_and_that_is_more_than_none(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = scorer_that_reads(monkeypatch, COLOR, REPLACE)
    both, first, second, neither, nothing = (
        scorer.score(ORIGINAL, edited, ASKED) for edited in (BOTH, FIRST, SECOND, NEITHER, ORIGINAL)
    )
    assert both.bpm > max(first.bpm, second.bpm)
    assert min(first.bpm, second.bpm) > neither.bpm >= 0
    assert min(first.bpm, second.bpm) > nothing.bpm
    assert both.semantic.preserve_raw == 1.0  # what one part changes is no damage to the other
    assert "compound" in both.flags
    assert both.confidence == pytest.approx(0.8)  # the detector's alone


def test_each_part_has_its_scores_and_the_one_that_failed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    score = scorer_that_reads(monkeypatch, COLOR, REPLACE).score(ORIGINAL, FIRST, ASKED)
    assert [part.intent for part in score.parts] == [COLOR, REPLACE]
    done, failed = score.parts
    assert done.semantic.modify > 0.9
    assert failed.semantic.modify == 0.0
    assert (done.flags, failed.flags) == ((), ("target_not_found",))
    assert score.bpm == pytest.approx(sum(one.bpm for one in alone(FIRST)) / 2, abs=0.05)
    assert score.explanation.startswith("The red car turned blue, but the tower was not replaced with a green box")
    assert [part["flags"] for part in score.to_dict()["parts"]] == [[], ["target_not_found"]]


def alone(edited: np.ndarray) -> list[EditScore]:
    """The scores of the two parts, each as if it alone had been asked for."""
    return [toy_world.scorer().score(ORIGINAL, edited, intent) for intent in (COLOR, REPLACE)]


def test_a_part_whose_source_is_not_found_leaves_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = EditIntent("color", "box", "red box")
    score = scorer_that_reads(monkeypatch, COLOR, lost).score(ORIGINAL, FIRST, ASKED)
    assert (score.bpm, score.confidence) == (None, 0.0)
    assert score.parts[0].semantic.modify > 0.9
    assert score.parts[1].semantic.modify is None
    assert score.verdict.decision == "not_judged"


@pytest.mark.parametrize("edited", [BOTH, FIRST, ORIGINAL, NEITHER], ids=["both", "one", "nothing", "something else"])
def test_prepared_and_ranked_it_is_the_same(monkeypatch: pytest.MonkeyPatch, edited: np.ndarray) -> None:
    scorer = scorer_that_reads(monkeypatch, COLOR, REPLACE)
    at_once = without_time(scorer.score(ORIGINAL, edited, ASKED))
    prepared = scorer.prepare(ORIGINAL, ASKED)
    assert without_time(prepared.score(edited)) == at_once
    assert without_time(next(one.score for one in prepared.rank([BOTH, edited]) if one.index == 1)) == at_once


def test_the_released_rules_know_one_edit_an_instruction(monkeypatch: pytest.MonkeyPatch) -> None:
    score = scorer_that_reads(monkeypatch, COLOR, REPLACE, compat="released").score(ORIGINAL, BOTH, ASKED)
    assert [part.intent for part in score.parts] == [COLOR]
