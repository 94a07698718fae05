"""Scores of edits that are looked at only where they changed, in the toy world, whose models are exact."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.errors import BundleError, InputError
from editjudge.metrics.looking.looked_at import LookedAt
from editjudge.models.grounding_dino import WINDOW_DETECTORS, Detector
from editjudge.models.sam import WINDOW_SEGMENTERS, Segmenter
from editjudge.parser.calibration import UNSURE
from editjudge.parser.result import ParseResult
from editjudge.scorer import Scorer
from editjudge.types import EditIntent
from support.toy_world import ADD, COLOR, GREY, LARGER, MOVE, REMOVE, REPLACE, STYLE, draw, scorer, window_scorer

SIDE = 400
CAR, TOWER, BLUE = ("red", "car", 60, 60), ("green", "tower", 320, 320), ("blue", "car", 320, 60)
ORIGINAL, ALONE = draw(CAR, TOWER, BLUE, side=SIDE), draw(CAR, TOWER, side=SIDE)
LARGE_CAR = draw(CAR, side=SIDE, scale=1.4)
LOCAL = {
    "color": (COLOR, ALONE, draw(("blue", "car", 60, 60), TOWER, side=SIDE)),
    "add": (ADD, ORIGINAL, draw(CAR, TOWER, BLUE, ("blue", "box", 150, 60), side=SIDE)),
    "replace": (REPLACE, ORIGINAL, draw(CAR, ("green", "box", 320, 320), BLUE, side=SIDE)),
    "size": (LARGER, ORIGINAL, np.where(LARGE_CAR != GREY, LARGE_CAR, draw(TOWER, BLUE, side=SIDE))),
    "move": (MOVE, ORIGINAL, draw(("red", "car", 160, 60), TOWER, BLUE, side=SIDE)),
}


def calls(toy: Scorer, *kinds: type) -> list[list[int]]:
    return [toy.models.model(kind).calls for kind in kinds]


@pytest.mark.parametrize("edit_type", LOCAL)
def test_local_edits_get_the_same_score(edit_type: str) -> None:
    intent, original, edited = LOCAL[edit_type]
    toy = window_scorer()
    near, every = toy.score(original, edited, intent), scorer().score(original, edited, intent)
    assert near.looked_at.reason is None
    assert 0 < near.looked_at.share <= 0.7
    assert near.looked_at.boxes
    assert sum(map(sum, calls(toy, *WINDOW_DETECTORS))) >= 1
    assert calls(toy, Detector) == [[1]]  # the original
    assert near.sub_scores == every.sub_scores
    assert near.bpm == every.bpm
    assert near.regions["edited"]
    assert sorted(map(str, near.regions["edited"])) == sorted(map(str, every.regions["edited"]))
    assert np.array_equal(near.evidence.edited_mask, every.evidence.edited_mask)


def test_a_prepared_original_scores_as_alone() -> None:
    toy = window_scorer()
    for intent, original, edited in LOCAL.values():
        prepared = toy.prepare(original, intent)
        assert prepared.score(edited).sub_scores == toy.score(original, edited, intent).sub_scores
        assert prepared.rank([edited])[0].score.sub_scores == toy.score(original, edited, intent).sub_scores


def test_masks_are_made_in_windows_and_those_that_stay_are_kept() -> None:
    toy, beside = window_scorer(), ("blue", "car", 60, 120)
    prepared = toy.prepare(draw(CAR, TOWER, beside, side=SIDE), MOVE)
    for kind in (Segmenter, *WINDOW_SEGMENTERS):
        toy.models.model(kind).calls.clear()
    score = prepared.score(draw(("red", "car", 160, 60), TOWER, beside, side=SIDE))
    assert len(score.regions["edited"]) == 2  # the blue car of before, and the red one in its new place
    assert score.evidence.edited_mask.sum() == 2 * 60 * 30
    assert sum(map(sum, calls(toy, Segmenter))) == 0
    assert sum(map(sum, calls(toy, *WINDOW_SEGMENTERS))) == 1


def test_what_stood_elsewhere_before_is_no_result_of_the_edit() -> None:
    """A blue car was there already when the red one was to turn blue; looking at all of it finds both."""
    edited = draw(("blue", "car", 60, 60), TOWER, BLUE, side=SIDE)
    near, every = (toy.score(ORIGINAL, edited, COLOR) for toy in (window_scorer(), scorer()))
    assert [len(score.regions["edited"]) for score in (near, every)] == [1, 2]
    assert near.regions["edited"][0].box == (30, 45, 90, 75)


def test_nothing_is_looked_for_after_a_removal() -> None:
    toy = window_scorer()
    score = toy.score(ORIGINAL, draw(CAR, BLUE, side=SIDE), REMOVE)
    assert score.looked_at == LookedAt(0.0, (), "nothing is looked for in it")
    assert score.sub_scores == scorer().score(ORIGINAL, draw(CAR, BLUE, side=SIDE), REMOVE).sub_scores


@pytest.mark.parametrize(
    ("intent", "edited", "reason"),
    [
        (STYLE, draw(("green", "car", 60, 60), TOWER, BLUE, side=SIDE), "nothing is looked for in it"),
        (COLOR, draw(("blue", "car", 200, 200), TOWER, side=SIDE, scale=5), "too much of the picture changed"),
        (
            ADD,
            draw(CAR, TOWER, BLUE, ("blue", "tower", 200, 200), side=SIDE),
            "what is there did not show in windows alone",
        ),
    ],
    ids=["global", "large", "nothing of it there"],
)
def test_the_whole_is_looked_at_where_windows_do_not_tell(intent: EditIntent, edited: np.ndarray, reason: str) -> None:
    near = window_scorer().score(ORIGINAL, edited, intent)
    assert reason in near.looked_at.reason
    assert near.sub_scores == scorer().score(ORIGINAL, edited, intent).sub_scores


def test_what_was_not_edited_is_not_looked_at() -> None:
    looked_at = window_scorer().score(ORIGINAL, ORIGINAL.copy(), COLOR).looked_at
    assert looked_at == LookedAt(0.0, (), "its pixels alone tell what it is")


def test_a_compound_tells_of_all_its_parts() -> None:
    edited = draw(("blue", "car", 60, 60), ("green", "box", 320, 320), side=SIDE)
    both = ParseResult((COLOR, REPLACE), (UNSURE, UNSURE), confident=True)
    near, every = (toy.score(ALONE, edited, both) for toy in (window_scorer(), scorer()))
    alone = [window_scorer().score(ALONE, edited, intent).looked_at for intent in (COLOR, REPLACE)]
    assert near.looked_at.share == pytest.approx(sum(one.share for one in alone))
    assert set(near.looked_at.boxes) == {box for one in alone for box in one.boxes}
    assert near.sub_scores == every.sub_scores


def test_what_a_compound_says_of_the_reasons() -> None:
    windows, nothing = LookedAt(0.3, ((0, 0, 9, 9),)), LookedAt(0.0, (), "nothing is looked for in it")
    whole = LookedAt(1.0, ((0, 0, 99, 99),), "too much of the picture changed")
    assert LookedAt.join([windows, nothing]) == windows
    assert LookedAt.join([nothing, nothing]) == nothing
    assert LookedAt.join([nothing, whole]) == whole
    assert LookedAt.join([windows, whole]).reason == whole.reason


def test_what_stands_at_a_border() -> None:
    """The object, its window and what it is cut out in end with the picture."""
    original, edited = (draw((colour, "car", 370, 385), TOWER, side=SIDE) for colour in ("red", "blue"))
    near, every = (toy.score(original, edited, COLOR) for toy in (window_scorer(), scorer()))
    assert near.looked_at.reason is None
    assert near.sub_scores == every.sub_scores
    (found,) = near.regions["edited"]
    assert found.box == (340, 370, 400, 400)


def test_boxes_are_in_pixels_of_the_original() -> None:
    large = np.repeat(np.repeat(ALONE, 4, axis=0), 4, axis=1)
    edited = np.repeat(np.repeat(LOCAL["color"][2], 4, axis=0), 4, axis=1)
    ((x0, y0, x1, y1),) = window_scorer((224,), 512 * 512).score(large, edited, COLOR).looked_at.boxes
    assert min(4 * 30 - x0, 4 * 45 - y0, x1 - 4 * 90, y1 - 4 * 75) >= 0
    assert (x1 - x0, y1 - y0) == pytest.approx((224 * 1600 / 512, 224 * 1600 / 512))  # the frame has 512 pixels


def test_all_of_it_can_be_asked_for() -> None:
    toy = window_scorer()
    whole = Scorer(toy.models, look="all").score(ALONE, LOCAL["color"][2], COLOR)
    assert whole.looked_at == LookedAt(1.0, ((0.0, 0.0, 400.0, 400.0),), "look is all")
    assert sum(map(sum, calls(toy, *WINDOW_DETECTORS, *WINDOW_SEGMENTERS))) == 0
    assert whole.to_dict()["looked_at"] == {
        "share": 1.0, "boxes": [[0.0, 0.0, 400.0, 400.0]], "reason": "look is all",
    }  # fmt: skip


def test_a_bundle_without_windows_looks_at_all_and_says_so_when_asked() -> None:
    assert scorer().look == "all"
    assert window_scorer().look == "changes"
    with pytest.raises(BundleError, match=r"bundle toy world has no detector of windows, .*; leave look out"):
        Scorer(scorer().models, look="changes")
    with pytest.raises(InputError, match="there is no look 'sideways'; choose changes or all, or leave it out"):
        Scorer(scorer().models, look="sideways")
