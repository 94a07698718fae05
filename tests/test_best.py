"""rank(best=k): the first k are those of a full ranking, and no more is cut out than proves it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editjudge import Scorer
from editjudge.errors import InputError
from editjudge.metrics import EditScore
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.sam import Segmenter
from editjudge.parser.calibration import UNSURE
from editjudge.parser.result import ParseResult
from editjudge.ranking import RankedCandidate
from editjudge.types import EditIntent
from support import toy_world
from support.toy_world import ADD, COLOR, LARGER, MOVE, REMOVE, REPLACE, STYLE, draw

CAR, TOWER = ("red", "car", 60, 60), ("green", "tower", 150, 140)
ORIGINAL = draw(CAR, TOWER)


def spoil(picture: np.ndarray, rows: int) -> np.ndarray:
    spoilt = picture.copy()
    spoilt[-rows:, :50] = 40
    return spoilt


def candidates() -> list[np.ndarray | bytes]:
    """Edits of every kind, worse and worse ones, equal ones, no edits, and what cannot be read."""
    blue, both = draw(("blue", "car", 60, 60), TOWER), draw(("blue", "car", 60, 60))
    noise = np.random.default_rng(1).normal(0, 12, ORIGINAL.shape)
    larger = draw(CAR, scale=1.4)
    return [
        ORIGINAL,
        spoil(blue, 30),
        b"no picture",
        blue,
        draw(CAR, TOWER, ("blue", "box", 150, 60)),
        np.clip(ORIGINAL + noise, 0, 255).astype(np.uint8),
        blue.copy(),
        both,
        draw(("red", "car", 150, 60), TOWER),
        draw(CAR, ("green", "box", 150, 140)),
        np.where(larger != toy_world.GREY, larger, draw(TOWER)),
        draw(("green", "car", 60, 60), TOWER),
        draw(TOWER),
        255 - ORIGINAL,
    ]


COMPOUND = ParseResult((COLOR, REMOVE), (UNSURE, UNSURE), confident=True, instruction="blue car, no tower")
KEPT = EditIntent("style", "all", "green", keep="tower")
REQUESTS = [COLOR, ADD, REMOVE, REPLACE, LARGER, MOVE, STYLE, KEPT, COMPOUND]


def without_time(score: EditScore | None) -> EditScore | None:
    return score and replace(score, timings_ms={})


def cut_by(scorer: Scorer) -> int:
    return sum(scorer.models.model(Segmenter).calls)


@pytest.mark.parametrize("compat", [None, "paper", "released"])
@pytest.mark.parametrize("asked", REQUESTS, ids=lambda one: getattr(one, "edit_type", "compound"))
def test_the_best_are_those_of_a_full_ranking(asked: EditIntent | ParseResult, compat: str | None) -> None:
    given = candidates()
    prepared = toy_world.scorer(compat).prepare(ORIGINAL, asked)
    full = prepared.rank(given)
    for best in (1, 2, 5, len(given)):
        ranked = prepared.rank(given, best=best)
        assert sorted(one.index for one in ranked) == list(range(len(given)))
        for one, other in zip(ranked[:best], full, strict=False):
            assert (one.index, one.error) == (other.index, other.error)
            assert without_time(one.score) == without_time(other.score)
        values = {one.index: one.score and one.score.value for one in full}
        for one in ranked[best:]:
            if one.score is None and one.error is None:
                assert one.left_out is not None
                value = values[one.index]
                assert value is None or (one.bound is not None and value <= one.bound + 1e-12)
            else:
                assert (one.bound, one.left_out) == (None, None)


def test_what_cannot_win_is_not_cut_out() -> None:
    """Of three in which a car is to be cut out, the one that could be first is, and then no other can be."""
    blue = draw(("blue", "car", 60, 60), TOWER)
    given = [spoil(blue, 30), blue, draw(TOWER), ORIGINAL, draw(("green", "car", 60, 60), TOWER)]
    scorer = toy_world.scorer()
    prepared = scorer.prepare(ORIGINAL, COLOR)
    before = cut_by(scorer)
    everything = prepared.rank(given)
    assert cut_by(scorer) - before == 3
    before = cut_by(scorer)
    ranked = prepared.rank(given, best=1)
    assert cut_by(scorer) - before == 1
    assert ranked[0].index == everything[0].index == 1
    (green,) = (one for one in ranked if one.index == 4)
    assert green == RankedCandidate(4, None, None, green.bound, f"at most {green.bound:.2f}, so not among the best 1")
    assert green.bound < everything[0].score.bpm


def test_detection_and_embedding_go_by_batches() -> None:
    scorer = toy_world.scorer()
    prepared = scorer.prepare(ORIGINAL, COLOR)
    calls = [scorer.models.model(kind).calls for kind in (Detector, Clip)]
    for each in calls:
        each.clear()
    prepared.rank([draw(("blue", "car", 60, 60), TOWER)] * 5, best=1)
    assert calls[0] == [4, 1]
    assert calls[1][:1] == [4]


def test_other_metrics_are_measured_of_what_is_scored() -> None:
    prepared = toy_world.scorer().prepare(ORIGINAL, COLOR, metrics=["l2", "clip_i"])
    given = [draw(("green", "car", 60, 60), TOWER), draw(("blue", "car", 60, 60), TOWER)]
    first, second = prepared.rank(given, best=1)
    alone = prepared.score(given[1])
    assert first.score.metrics == alone.metrics
    assert second.score is None


@pytest.mark.parametrize("best", [0, -1, 1.5, "2", True, [1]])
def test_what_is_no_number_of_candidates(best: object) -> None:
    with pytest.raises(InputError, match=r"best is .*; give a whole number from 1"):
        toy_world.scorer().prepare(ORIGINAL, COLOR).rank([ORIGINAL], best=best)  # type: ignore[arg-type]


def test_best_and_a_budget_are_not_given_together() -> None:
    with pytest.raises(InputError, match=r"best and budget_ms \(--best, --budget-ms\) are both given; choose"):
        toy_world.scorer().prepare(ORIGINAL, COLOR).rank([ORIGINAL], best=1, budget_ms=50)


def test_there_must_be_candidates() -> None:
    with pytest.raises(InputError, match="no candidates to rank; hand in"):
        toy_world.scorer().prepare(ORIGINAL, COLOR).rank([], best=1)
