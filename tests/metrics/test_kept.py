"""What an instruction names as staying: no part of the edit, and to be preserved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editjudge.guidance import union_mask
from editjudge.image.alignment import PairAlignment
from editjudge.image.changes import Changes
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.bpm.explanation.clauses import describe_outcome
from editjudge.metrics.bpm.measure import PictureChange, cleared
from editjudge.metrics.bpm.metric import RULES
from editjudge.metrics.bpm.semantic import ALTERED, is_altered, preserve
from editjudge.metrics.bpm.subscore import SubScore
from editjudge.metrics.bpm.verdict import is_doubtful
from editjudge.metrics.grounding import SAME, Grounding, Region, leave_out
from editjudge.metrics.intents import contradicts_itself
from editjudge.metrics.task import EditTask
from editjudge.models.grounding_dino import Detector
from editjudge.models.sam import Segmenter
from editjudge.types import Detections, EditIntent
from support.groundings import HERE, MOVES, NOWHERE, SIDE, detections_at, grounding, region_at
from support.toy_world import GREY, draw, scorer

CAR, TOWER, BOX = ("red", "car", 60, 60), ("green", "tower", 150, 140), ("blue", "box", 60, 150)
ORIGINAL = draw(CAR, TOWER, BOX)
CLEAR = EditIntent("remove", "all", None, keep="car")
REMOVE = EditIntent("remove", "tower", None, keep="car")
STYLE = EditIntent("style", "all", "green", keep="car")


def keeping(kept: Region, original: Region | None = None, edited: Region | None = None) -> Grounding:
    return replace(grounding(original, edited), kept=kept, kept_edited=kept.detections)


def change_of(*boxes: tuple[int, int, int, int, float]) -> np.ndarray:
    change = np.zeros((SIDE, SIDE), np.float32)
    for x0, y0, x1, y1, amount in boxes:
        change[y0:y1, x0:x1] = amount
    return change


def test_boxes_of_what_is_to_stay_are_no_sources() -> None:
    """HERE is 20 x 20: two pixels aside the IoU is 360 / 440, four aside 320 / 480."""
    beside = (22, 40, 42, 60), (24, 40, 44, 60)
    found = detections_at(HERE, *beside, MOVES["right"])
    assert [round(float(share), 3) for share in (360 / 440, 320 / 480)] == [0.818, 0.667]
    assert 320 / 480 < SAME < 360 / 440
    left = leave_out(found, detections_at(HERE).boxes)
    assert left.boxes.tolist() == [list(beside[1]), list(MOVES["right"])]
    assert len(left.scores) == 2
    inside = detections_at((25, 45, 30, 50))  # a cat on the bed that is to stay is another thing than the bed
    assert len(leave_out(inside, detections_at(HERE).boxes)) == 1
    assert len(leave_out(found, NOWHERE.boxes)) == len(found)


def test_its_pixels_are_taken_out_of_the_region() -> None:
    car = region_at((20, 40, 60, 60)).without_pixels(region_at(HERE).mask)
    assert car.mask.sum() == 20 * 20
    assert car.boxes.tolist() == [[20, 40, 60, 60]]


def test_of_all_the_region_is_everything_else() -> None:
    where = keeping(region_at(HERE))
    assert (where.union == ~region_at(HERE).mask).all()
    assert not grounding(None, None).union.any()  # nothing is to stay: then there is no region
    assert not keeping(NOWHERE).union.any()
    assert keeping(NOWHERE).lacks_kept
    assert not where.lacks_kept
    assert where.scores == (pytest.approx(0.9),)


def test_preserve_by_hand() -> None:
    """The mean over 10,000 pixels less those of the source, or over the 400 of what is to stay, whichever is worse."""
    where = keeping(region_at(HERE), original=region_at(MOVES["right"]))
    assert preserve(change_of((70, 45, 90, 65, 1.0)), where) == SubScore(1.0)
    small = change_of((20, 40, 40, 41, 0.5))  # a row of the twenty: a rim
    assert preserve(small, where) == SubScore(pytest.approx(1 - 10 / 400))
    altered = change_of((20, 40, 40, 50, 0.5))  # ten rows
    assert preserve(altered, where) == SubScore(pytest.approx(1 - 100 / 400), "measured", "keep_changed")
    unnamed = preserve(altered, grounding(region_at(MOVES["right"]), None))
    assert unnamed == SubScore(pytest.approx(1 - 100 / 9600))
    rest = change_of((0, 0, 100, 30, 0.5))
    assert preserve(rest, where) == SubScore(pytest.approx(1 - 1500 / 9600))


def test_of_all_only_what_is_to_stay_is_preserved() -> None:
    where = keeping(region_at(HERE))
    assert preserve(change_of((50, 0, 100, 100, 1.0)), where) == SubScore(1.0)
    assert preserve(change_of((20, 40, 40, 60, 0.3)), where).value == pytest.approx(0.7)


def test_another_part_may_change_some_of_it() -> None:
    """Remove everyone but the bride and make her dress red: the dress, which is of the bride, may change."""
    where, dress = keeping(region_at(HERE), original=region_at(MOVES["right"])), region_at((20, 50, 40, 60)).mask
    asked = where.union | dress
    assert preserve(change_of((20, 50, 40, 60, 1.0)), where, asked) == SubScore(1.0)
    assert preserve(change_of((20, 40, 40, 50, 1.0)), where, asked).flag == "keep_changed"


def test_a_rim_does_not_alter_it() -> None:
    change = np.zeros(100, np.float32)
    change[:20] = 0.5
    assert not is_altered(change)
    change[20] = 0.5
    assert is_altered(change)
    assert change[:21].size / 100 > ALTERED
    assert not is_altered(np.full(100, 0.04, np.float32))  # noise
    assert not is_altered(change[:0])


def cleared_of(before: np.ndarray, after: np.ndarray, kept: tuple[int, int, int, int]) -> float | None:
    changed = (before != after).any(axis=2)
    aligned = AlignedImage(after, after, (), Changes("edit", PairAlignment.still(), changed))
    mask = np.zeros((1, *changed.shape), bool)
    mask[0, kept[1] : kept[3], kept[0] : kept[2]] = True
    region = Region(Detections("car", np.array([kept], np.float32), np.ones(1, np.float32)), mask)
    where = Grounding(None, None, None, *changed.shape, kept=region)
    return cleared(PictureChange(before, aligned, changed.astype(np.float32), changed), where)


def test_how_far_all_else_went() -> None:
    """By the edges: a box and a tower have 160 and 180 pixels of outline, and the car's own do not count."""
    car = (30, 45, 90, 75)
    shares = [cleared_of(ORIGINAL, draw(*left), car) for left in ((CAR,), (CAR, TOWER), (TOWER, BOX), (), (CAR, BOX))]
    assert shares[0] == 1.0
    assert shares[1] == pytest.approx(160 / 340, abs=0.05)
    assert shares[2] == 0.0
    assert shares[3] == 1.0  # that the car went as well is for the preservation to say
    assert shares[4] == pytest.approx(180 / 340, abs=0.05)
    assert cleared_of(ORIGINAL, ORIGINAL, car) == 0.0


def test_edges_of_the_background_are_no_things_that_are_left() -> None:
    """Stripes everywhere, and all but the car gone: faint ones are no edges, and strong ones leave nothing to tell."""
    car, well = (30, 45, 90, 75), draw(CAR)
    for step, share in ((20, 1.0), (100, None)):
        stripes = np.full((200, 200, 3), 90, np.uint8)
        stripes[np.arange(200) % 8 < 4] += step
        before, after = (np.where(picture != GREY, picture, stripes) for picture in (ORIGINAL, well))
        assert cleared_of(before, after, car) == share


def test_what_cannot_be_told_from_the_background_has_no_number() -> None:
    stripes = np.full((200, 200, 3), 100, np.uint8)
    stripes[np.arange(200) % 8 < 4] = 155
    before, after = (np.where(picture != GREY, picture, stripes) for picture in (ORIGINAL, draw(CAR)))
    score = scorer().score(before, after, CLEAR)
    assert (score.bpm, score.semantic.modify, score.semantic.preserve) == (None, None, 1.0)
    assert score.headline.startswith("Not scored: what was removed cannot be told from a background with so many edges")


@pytest.mark.parametrize(
    ("intent", "well", "spoilt"),
    [
        (CLEAR, draw(CAR), draw(TOWER, BOX)),
        (CLEAR, draw(CAR), draw()),
        (REMOVE, draw(CAR, BOX), draw(BOX)),
        (
            STYLE,
            draw(CAR, TOWER, ("green", "box", 60, 150)),
            draw(("green", "car", 60, 60), TOWER, ("green", "box", 60, 150)),
        ),
    ],
)
def test_what_spared_it_beats_what_did_not(intent: EditIntent, well: np.ndarray, spoilt: np.ndarray) -> None:
    good, bad = (scorer().score(ORIGINAL, edited, intent) for edited in (well, spoilt))
    assert good.semantic.preserve == 1.0
    assert "keep_changed" not in good.flags
    assert bad.semantic.preserve < 0.5
    assert "keep_changed" in bad.flags
    assert bad.explanation.count("the car was to stay, but ") == 1
    assert good.bpm > bad.bpm + 0.2
    assert [box.phrase for box in good.regions["original"]].count("car") == 1
    assert [box.phrase for box in good.regions["edited"]].count("car") == 1
    prepared = scorer().prepare(ORIGINAL, intent)
    assert prepared.score(well).bpm == good.bpm
    assert prepared.score(spoilt).flags == bad.flags


def test_it_is_said_whether_it_was_found_again() -> None:
    gone = scorer().score(ORIGINAL, draw(BOX), REMOVE)
    assert gone.explanation.startswith(
        "The tower except the car was removed, though not clearly; "
        "the car was to stay, but this bundle did not find it again; "
    )
    repainted = scorer().score(ORIGINAL, draw(("blue", "car", 60, 60), BOX), REMOVE)
    assert "; the car was to stay, but changed; " in repainted.explanation
    cleared = scorer().score(ORIGINAL, draw(CAR), CLEAR)
    assert cleared.explanation == "Everything except the car was removed."
    left = scorer().score(ORIGINAL, draw(CAR, TOWER), CLEAR)
    assert left.explanation == "Everything except the car does not seem to have been removed."


def test_everyone_is_a_word_of_its_own() -> None:
    intent = EditIntent("remove", "everyone", None, keep="car")
    score = replace(scorer().score(ORIGINAL, draw(CAR, BOX), REMOVE), intent=intent)
    assert describe_outcome(score) == "everyone except the car was removed, though not clearly"


@pytest.mark.parametrize("intent", [CLEAR, REMOVE, STYLE])
def test_without_it_nothing_is_claimed(intent: EditIntent) -> None:
    original = draw(TOWER, BOX)
    score = scorer().score(original, draw(BOX) if intent is REMOVE else draw(("green", "box", 60, 150), TOWER), intent)
    assert "keep_not_found" in score.flags
    assert (score.bpm, score.confidence) == (None, 0.0)
    assert {*vars(score.semantic).values(), *vars(score.region).values()} == {None}
    assert score.verdict.decision == "not_judged"
    assert score.headline.startswith(
        "Not scored: bundle toy world did not find the car in the original, which the edit was to spare; "
    )
    assert "this bundle did not find the car, which the edit was to spare" in score.explanation


def test_the_region_to_guide_by_leaves_it_out() -> None:
    mask = union_mask(scorer().score(ORIGINAL, draw(CAR), CLEAR)) > 0
    assert not mask[45:75, 30:90].any()
    assert np.count_nonzero(~mask) == 30 * 60


def test_everything_but_one_thing_is_never_accepted_by_what_was_fitted_to_other_edits() -> None:
    for edited in (draw(CAR), draw(CAR, TOWER)):
        assert is_doubtful(scorer().score(ORIGINAL, edited, CLEAR))
    assert not is_doubtful(scorer().score(ORIGINAL, draw(CAR, BOX), REMOVE))


def test_the_released_code_knows_nothing_of_it() -> None:
    plain = replace(REMOVE, keep=None)
    for edited in (draw(CAR, BOX), draw(BOX)):
        ours, theirs = (scorer("released").score(ORIGINAL, edited, intent) for intent in (REMOVE, plain))
        assert (ours.bpm, ours.flags, ours.regions) == (theirs.bpm, theirs.flags, theirs.regions)


def test_each_model_still_runs_once() -> None:
    toy_scorer = scorer()
    toy_scorer.score(ORIGINAL, draw(CAR, BOX), REMOVE)
    assert (toy_scorer.models.model(Detector).calls, toy_scorer.models.model(Segmenter).calls) == ([2], [1])


def test_phrases() -> None:
    task = EditTask.of(ORIGINAL, [EditIntent("color", "car", "red car", keep=" wheels ")], RULES[None])
    assert (task.phrases, task.edited_phrases, task.keep) == (["car", "wheels"], ["red car", "wheels"], "wheels")
    same = EditIntent("remove", "car", None, keep="car")
    assert EditTask.of(ORIGINAL, [same], RULES[None]).phrases == ["car"]
    assert contradicts_itself(same)
    assert not contradicts_itself(REMOVE)
    assert EditTask.of(ORIGINAL, [REMOVE], RULES["released"]).phrases == ["tower"]
