"""Pictures in which nothing was edited, with a budget: the pixels decide without models, and time changes no answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from editjudge.metrics.bpm.score import SemanticScore, Verdict
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.sam import Segmenter
from editjudge.types import EditIntent
from support import toy_world
from support.out_of_time import ENOUGH, NO_TIME, slow_scorer, without_time
from support.toy_world import ADD, COLOR, STYLE, draw

ORIGINAL = draw(("red", "car", 60, 60), ("green", "tower", 150, 140))
NOTHING = (None, None, None, None, None)
GONE = EditIntent("color", "box", "blue box")
"""Of something that the original does not show."""
NO_EDITS: dict[str, Callable[[], np.ndarray]] = {
    "unchanged": ORIGINAL.copy,
    "noise": lambda: np.clip(
        ORIGINAL + np.random.default_rng(1).normal(0, 12, ORIGINAL.shape) + 0.5, 0, 255
    ).astype(np.uint8),
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_EDITS)
@pytest.mark.parametrize("asked", [COLOR, ADD, STYLE], ids=lambda one: one.edit_type)
def test_what_pixels_decide_needs_no_model(kind: str, asked: EditIntent) -> None:
    """The verdict does not; what rests on the original is null where that was not looked at."""
    edited, scorer = NO_EDITS[kind](), toy_world.scorer()
    score = scorer.score(ORIGINAL, edited, asked, budget_ms=NO_TIME)
    assert [scorer.models.model(one).calls for one in (Detector, Segmenter, Clip)] == [[], [], []]
    assert (score.kind, score.verdict) == (kind, Verdict("reject", 0.0))
    assert "embed" in score.left_out
    assert (score.semantic, score.bpm, score.confidence) == (SemanticScore(*NOTHING), None, 0.0)
    assert {"no_op", "out_of_time"} <= set(score.flags)
    assert score.headline.startswith("Reject: nothing was edited")
    assert "the time that was allowed was up before all was done" in score.explanation


@pytest.mark.parametrize("kind", NO_EDITS)
@pytest.mark.parametrize("asked", [COLOR, ADD, STYLE, GONE], ids=lambda one: f"{one.edit_type} {one.source}")
def test_what_pixels_decide_is_the_same_with_time_enough(kind: str, asked: EditIntent) -> None:
    edited, scorer = NO_EDITS[kind](), toy_world.scorer()
    at_leisure = scorer.score(ORIGINAL, edited, asked)
    in_time = scorer.score(ORIGINAL, edited, asked, budget_ms=ENOUGH)
    assert without_time(in_time) == without_time(at_leisure)
    assert (in_time.left_out, in_time.verdict) == ((), Verdict("reject", 0.0))
    assert (in_time.bpm is None) == (asked == GONE)
    prepared = scorer.prepare(ORIGINAL, asked)
    assert without_time(prepared.score(edited, budget_ms=NO_TIME)) == without_time(prepared.score(edited))


@pytest.mark.parametrize("kind", NO_EDITS)
@pytest.mark.parametrize(("late", "function"), [(Clip, "texts"), (Segmenter, "segment")])
def test_what_pixels_decide_with_an_original_half_looked_at(kind: str, late: type, function: str) -> None:
    edited = NO_EDITS[kind]()
    score = slow_scorer(late, function).score(ORIGINAL, edited, COLOR, budget_ms=ENOUGH)
    at_leisure = toy_world.scorer().score(ORIGINAL, edited, COLOR)
    assert score.left_out == (("segment", "embed") if late is Clip else ("segment",))
    assert score.verdict == Verdict("reject", 0.0)
    assert not score.evidence.union.any()
    assert score.semantic == (SemanticScore(*NOTHING) if late is Clip else at_leisure.semantic)
