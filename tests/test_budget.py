"""score(budget_ms=) and rank(budget_ms=): what is left out is null and said to be, and pixels decide without models.

The models are those of the toy world; where time is to be up in the midst of one, it puts the end of time there.
Instructions that there is no time to read: `parser/test_reading_in_time`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from editjudge.metrics.bpm.score import RegionScore, SemanticScore, Verdict
from editjudge.models.clip import Clip
from editjudge.models.domain_probe import Domain, Probe
from editjudge.models.grounding_dino import Detector
from editjudge.models.sam import Segmenter
from editjudge.types import EditIntent
from support import toy_world
from support.out_of_time import ENOUGH, end_time, slow_scorer, without_time
from support.toy_world import ADD, COLOR, LARGER, MOVE, REMOVE, REPLACE, STYLE, draw

CAR, TOWER = ("red", "car", 60, 60), ("green", "tower", 150, 140)
ORIGINAL = draw(CAR, TOWER)
BLUE = draw(("blue", "car", 60, 60), TOWER)
NOTHING = (None, None, None, None, None)
CLAIMS = "the time that was allowed was up before"


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
    score = slow_scorer(Detector, "find").score(ORIGINAL, BLUE, COLOR, budget_ms=ENOUGH)
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
    score = slow_scorer(Segmenter, "segment", compat).score(ORIGINAL, edited[asked], asked, budget_ms=ENOUGH)
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
    score = slow_scorer(Segmenter, "segment").score(ORIGINAL, edited, LARGER, budget_ms=ENOUGH)
    assert (score.semantic.modify, score.region.size) == (None, None)
    assert score.region.position == 1.0


def test_without_features_of_the_edited_picture_the_place_is_told() -> None:
    prepared = (scorer := toy_world.scorer()).prepare(ORIGINAL, COLOR)
    scorer.models.model(Clip).images = end_time
    score = prepared.score(BLUE, budget_ms=ENOUGH)
    assert score.left_out == ("segment", "embed", "differences")
    assert (score.semantic.modify, score.region.position) == (None, 1.0)
    assert f"{CLAIMS} the change was compared with the words" in score.headline


@pytest.mark.parametrize("side", ["images", "texts"])
@pytest.mark.parametrize("edited", [BLUE, draw(TOWER)], ids=["found", "missing"])
def test_without_features_of_the_original_its_kind_is_not_known(side: str, edited: np.ndarray) -> None:
    """Those of pictures, or of words: whether the bundle was made for such an original is not known then."""
    score = slow_scorer(Clip, side).score(ORIGINAL, edited, COLOR, budget_ms=ENOUGH)
    assert "embed" in score.left_out
    assert (score.semantic, score.region) == (SemanticScore(*NOTHING), RegionScore(None, None, None))
    assert (score.bpm, score.verdict) == (None, Verdict("not_judged", None))
    assert "out_of_time" in score.flags
    reason = f"{CLAIMS} the change was compared with the words" if edited is BLUE else "did not find the blue car"
    assert reason in score.headline


STRANGE = Domain(Probe(np.zeros(6, np.float32), bias=-9.0, threshold=0.0), None)
"""A bundle that was made for no picture."""


@pytest.mark.parametrize("asked", [ADD, COLOR], ids=lambda one: one.edit_type)
def test_what_the_bundle_was_not_made_for_gets_no_number_for_want_of_time(asked: EditIntent) -> None:
    """Nor does a target that is not there make it one that was judged."""
    scorer = slow_scorer(Clip, "images")
    scorer.models._models[Domain] = STRANGE
    score = scorer.score(ORIGINAL, draw(TOWER), asked, budget_ms=ENOUGH)
    known = toy_world.scorer()
    known.models._models[Domain] = STRANGE
    at_leisure = known.score(ORIGINAL, draw(TOWER), asked)
    assert "out_of_domain" in at_leisure.flags
    for one in (score, at_leisure):
        assert (one.bpm, one.semantic, one.verdict) == (None, SemanticScore(*NOTHING), Verdict("not_judged", None))
    prepared = known.prepare(ORIGINAL, asked)
    known.models.model(Clip).images = end_time
    assert "out_of_domain" in prepared.score(draw(TOWER), budget_ms=ENOUGH).flags


def test_compat_released_knows_no_limits_of_a_bundle() -> None:
    score = slow_scorer(Clip, "images", "released").score(ORIGINAL, BLUE, LARGER, budget_ms=ENOUGH)
    assert score.left_out[:2] == ("segment", "embed")
    assert score.region.size is not None


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


def test_metrics_that_there_is_no_time_for_are_null() -> None:
    score = slow_scorer(Segmenter, "segment").score(ORIGINAL, BLUE, COLOR, metrics=["l2", "clip_i"], budget_ms=ENOUGH)
    assert score.left_out[-2:] == ("l2", "clip_i")
    assert {name: result.value for name, result in score.metrics.items()} == {"l2": None, "clip_i": None}


def test_candidates_that_there_is_no_time_for_come_last() -> None:
    prepared = (scorer := toy_world.scorer()).prepare(ORIGINAL, COLOR)
    find, calls = scorer.models.model(Detector).find, []

    def find_twice(*arguments: Any) -> Any:
        calls.append(arguments)
        return find(*arguments) if len(calls) < 3 else end_time()

    scorer.models.model(Detector).find = find_twice
    given = [draw(("green", "car", 60, 60), TOWER), BLUE, BLUE, BLUE, ORIGINAL]
    ranked = prepared.rank(given, budget_ms=ENOUGH)
    assert [one.index for one in ranked] == [1, 0, 2, 3, 4]
    assert [one.score is None for one in ranked] == [False, False, False, True, True]
    assert [one.left_out for one in ranked] == [None] * 3 + ["the time that was allowed was up before"] * 2
    assert [one.error for one in ranked] == [None] * 5
    assert ranked[2].score is not None
    assert ranked[2].score.left_out == ("detect", "segment", "embed", "differences")
