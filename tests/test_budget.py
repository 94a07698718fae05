"""score(budget_ms=) and rank(budget_ms=): what is left out is null and said to be, and pixels decide without models.

The models are those of the toy world; where time is to be up in the midst of one, it waits until it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from editjudge import Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.metrics import EditScore
from editjudge.metrics.bpm.score import RegionScore, SemanticScore, Verdict
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import Segmenter
from editjudge.types import EditIntent
from editjudge.utils.deadlines.deadline import OutOfTimeError, current_deadline
from support import toy_world
from support.toy_world import ADD, COLOR, LARGER, MOVE, REMOVE, REPLACE, STYLE, draw

CAR, TOWER = ("red", "car", 60, 60), ("green", "tower", 150, 140)
ORIGINAL = draw(CAR, TOWER)
BLUE = draw(("blue", "car", 60, 60), TOWER)
NOTHING = (None, None, None, None, None)
ENOUGH, SOME = 1e6, 1500.0
"""Milliseconds: more than anything takes; and what all but the model that waits for its end needs."""
CLAIMS = "the time that was allowed was up before"


def wait_for_the_end(*_: object) -> Any:
    """As a session of ONNX Runtime that is stopped."""
    deadline = current_deadline()
    assert deadline is not None
    while deadline.left > 0:
        time.sleep(0.001)
    raise OutOfTimeError


def slow_scorer(kind: type, function: str, compat: str | None = None) -> Scorer:
    """One of whose models comes to no end in time."""
    scorer = toy_world.scorer(compat)
    setattr(scorer.models.model(kind), function, wait_for_the_end)
    return scorer


def without_time(score: EditScore) -> EditScore:
    return replace(score, timings_ms={})


@pytest.mark.parametrize("asked", [COLOR, ADD, REMOVE, REPLACE, LARGER, MOVE, STYLE], ids=lambda one: one.edit_type)
@pytest.mark.parametrize("compat", [None, "released"])
def test_with_time_enough_nothing_is_left_out(asked: EditIntent, compat: str | None) -> None:
    scorer = toy_world.scorer(compat)
    at_leisure = scorer.score(ORIGINAL, BLUE, asked, metrics=["l2", "clip_i"])
    in_time = scorer.score(ORIGINAL, BLUE, asked, metrics=["l2", "clip_i"], budget_ms=ENOUGH)
    assert without_time(at_leisure) == without_time(in_time)
    assert in_time.left_out == ()
    assert in_time.to_dict()["left_out"] == []
    prepared = scorer.prepare(ORIGINAL, asked)
    assert without_time(prepared.score(BLUE)) == without_time(prepared.score(BLUE, budget_ms=ENOUGH))


def test_without_time_the_pixels_alone_speak() -> None:
    score = slow_scorer(Detector, "find").score(ORIGINAL, BLUE, COLOR, budget_ms=SOME)
    assert score.left_out == ("detect", "segment", "embed", "differences")
    assert (score.semantic, score.region) == (SemanticScore(*NOTHING), RegionScore(None, None, None))
    assert (score.bpm, score.confidence, score.verdict) == (None, 0.0, Verdict("not_judged", None))
    assert score.flags == ("out_of_time",)
    assert score.kind == "edit"
    assert score.changed_share > 0
    assert score.headline.startswith(f"Not scored: {CLAIMS} the objects of the edit were looked for; what can be")
    assert "was up before all was done" in score.explanation
    assert score.looked_at.boxes == ()
    assert score.to_dict()["semantic"]["modify"] is None


@pytest.mark.parametrize("compat", [None, "paper", "released"])
@pytest.mark.parametrize("asked", [COLOR, REPLACE, MOVE], ids=lambda one: one.edit_type)
def test_without_masks_modify_and_position_are_measured(asked: EditIntent, compat: str | None) -> None:
    edited = {COLOR: BLUE, REPLACE: draw(CAR, ("green", "box", 150, 140)), MOVE: draw(("red", "car", 150, 60), TOWER)}
    whole = toy_world.scorer(compat).score(ORIGINAL, edited[asked], asked)
    score = slow_scorer(Segmenter, "segment", compat).score(ORIGINAL, edited[asked], asked, budget_ms=SOME)
    assert score.left_out[:1] == ("segment",)
    assert score.semantic == SemanticScore(None, whole.semantic.modify, None, whole.semantic.modify_raw, None)
    assert score.region.position == whole.region.position
    assert score.region.size is None or compat == "released"  # whose sizes are those of boxes
    assert score.bpm is None
    assert score.verdict.decision == "not_judged"
    assert "out_of_time" in score.flags
    assert score.regions == whole.regions
    assert not score.evidence.union.any()
    assert f"{CLAIMS} the objects of the edit were cut out" in score.headline


def test_another_size_is_not_told_by_boxes() -> None:
    larger = draw(CAR, scale=1.4)
    edited = np.where(larger != toy_world.GREY, larger, draw(TOWER))
    score = slow_scorer(Segmenter, "segment").score(ORIGINAL, edited, LARGER, budget_ms=SOME)
    assert (score.semantic.modify, score.region.size) == (None, None)
    assert score.region.position == 1.0


@pytest.mark.parametrize("side", ["images", "texts"])
def test_without_features_the_place_is_told(side: str) -> None:
    """Those of pictures, or of the words that they are compared with."""
    score = slow_scorer(Clip, side).score(ORIGINAL, BLUE, COLOR, budget_ms=SOME)
    assert score.left_out == ("segment", "embed", "differences")
    assert (score.semantic.modify, score.region.position) == (None, 1.0)
    assert f"{CLAIMS} the change was compared with the words" in score.headline


def test_what_is_missing_needs_no_mask() -> None:
    """The car is gone: that is measured to the end, though nothing could be cut out."""
    edited = draw(TOWER)
    whole = toy_world.scorer().prepare(ORIGINAL, COLOR).score(edited)
    prepared = (scorer := toy_world.scorer()).prepare(ORIGINAL, COLOR)
    cut = scorer.models.model(Segmenter).segment

    def cut_nothing(images: Sequence[np.ndarray], boxes: Sequence[np.ndarray]) -> list[np.ndarray]:
        assert not any(map(len, boxes))
        return cut(images, boxes)

    scorer.models.model(Segmenter).segment = cut_nothing
    score = prepared.score(edited, budget_ms=ENOUGH)
    assert without_time(score) == without_time(whole)
    assert score.left_out == ()


NO_EDITS: dict[str, Callable[[], np.ndarray]] = {
    "unchanged": ORIGINAL.copy,
    "noise": lambda: np.clip(
        ORIGINAL + np.random.default_rng(1).normal(0, 12, ORIGINAL.shape) + 0.5, 0, 255
    ).astype(np.uint8),
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_EDITS)
def test_what_pixels_decide_needs_no_model(kind: str) -> None:
    scorer = toy_world.scorer()
    score = scorer.score(ORIGINAL, NO_EDITS[kind](), COLOR, budget_ms=ENOUGH)
    assert (score.kind, score.verdict) == (kind, Verdict("reject", 0.0))
    assert score.left_out == ("detect", "segment", "embed")
    assert (score.semantic.modify, score.bpm) == (0.0, 0.0)
    assert {"no_op", "out_of_time"} <= set(score.flags)
    assert score.headline.startswith("Reject: nothing was edited")
    assert "the time that was allowed was up before all was done" in score.explanation
    assert [scorer.models.model(one).calls for one in (Detector, Segmenter, Clip)] == [[], [], []]
    prepared = scorer.prepare(ORIGINAL, COLOR)  # which knows what the original says
    known = prepared.score(NO_EDITS[kind](), budget_ms=ENOUGH)
    assert known.left_out == ()
    assert without_time(known) == without_time(prepared.score(NO_EDITS[kind]()))


def test_metrics_that_there_is_no_time_for_are_null() -> None:
    score = slow_scorer(Segmenter, "segment").score(ORIGINAL, BLUE, COLOR, metrics=["l2", "clip_i"], budget_ms=SOME)
    assert score.left_out[-2:] == ("l2", "clip_i")
    assert {name: result.value for name, result in score.metrics.items()} == {"l2": None, "clip_i": None}


def test_candidates_that_there_is_no_time_for_come_last() -> None:
    prepared = (scorer := toy_world.scorer()).prepare(ORIGINAL, COLOR)
    find, calls = scorer.models.model(Detector).find, []

    def find_twice(*arguments: Any) -> Any:
        calls.append(arguments)
        return find(*arguments) if len(calls) < 3 else wait_for_the_end()

    scorer.models.model(Detector).find = find_twice
    given = [draw(("green", "car", 60, 60), TOWER), BLUE, BLUE, BLUE, ORIGINAL]
    ranked = prepared.rank(given, budget_ms=5 * SOME)
    assert [one.index for one in ranked] == [1, 0, 2, 3, 4]
    assert [one.score is None for one in ranked] == [False, False, False, True, True]
    assert [one.left_out for one in ranked] == [None] * 3 + ["the time that was allowed was up before"] * 2
    assert [one.error for one in ranked] == [None] * 5
    assert ranked[2].score is not None
    assert ranked[2].score.left_out == ("detect", "segment", "embed", "differences")


UNHEARD = "turn the red car into a blue car"


@pytest.fixture
def reading(studio: Bundle) -> Scorer:
    """With the parser of the studio, and no model but that one ready to look."""
    return Scorer(ModelSet(studio, "cpu", 1), keep_answers=False)


def test_an_instruction_that_there_is_no_time_to_read(reading: Scorer) -> None:
    score = reading.score(ORIGINAL, BLUE, UNHEARD, budget_ms=0.001)
    assert score.left_out == ("parse", "detect", "segment", "embed", "differences")
    assert (score.bpm, score.verdict) == (None, Verdict("not_judged", None))
    assert score.flags == ("out_of_time",)
    assert f"{CLAIMS} the instruction was read" in score.headline
    assert "whether the edit was done is not known" in score.explanation.lower()
    assert score.intent == EditIntent("other", None, None)
    reading.close()


def test_pixels_decide_whatever_was_asked_for(reading: Scorer) -> None:
    for budget in (0.001, ENOUGH):
        score = reading.score(ORIGINAL, ORIGINAL.copy(), UNHEARD, budget_ms=budget)
        assert (score.kind, score.verdict) == ("unchanged", Verdict("reject", 0.0))
        assert score.left_out[0] == "parse"
    a_bit_lighter = np.clip(ORIGINAL.astype(int) + 4, 0, 255).astype(np.uint8)
    assert reading.score(ORIGINAL, a_bit_lighter, UNHEARD, budget_ms=0.001).kind == "edit"  # it may have been asked for
    reading.close()


def test_an_instruction_that_was_read_before_is_known(reading: Scorer) -> None:
    reading.parse(UNHEARD)
    score = reading.score(ORIGINAL, BLUE, UNHEARD, budget_ms=0.001)
    assert score.left_out[0] == "detect"
    assert score.intent.target is not None
    reading.close()
