"""The judges against the formula worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from editjudge import judges, overall, released
from editjudge.judges import GIVEN, Verdict
from editjudge.located import Located
from editjudge.types import Detections, EditIntent, Region

SIDE = 100


def region(*boxes: tuple[float, float, float, float], score: float = 0.9) -> Region:
    masks = np.zeros((len(boxes), SIDE, SIDE), bool)
    for mask, (x0, y0, x1, y1) in zip(masks, boxes, strict=True):
        mask[int(y0) : int(y1), int(x0) : int(x1)] = True
    return Region(detections(*boxes, score=score), masks)


def detections(*boxes: tuple[float, float, float, float], score: float = 0.9) -> Detections:
    return Detections("thing", np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), score, np.float32))


def located(original: Region | None, edited: Region | None, anchor: Detections | None = None) -> Located:
    return Located(original, edited, anchor, SIDE, SIDE)


HERE = (20, 40, 40, 60)
NOWHERE = region()
MOVES = {"left": (0, 40, 20, 60), "right": (70, 45, 90, 65), "up": (25, 5, 45, 25), "down": (15, 75, 35, 95)}


def move(position: str, **more: str) -> EditIntent:
    return EditIntent("move", "thing", "thing", position=position, **more)


@pytest.mark.parametrize("asked", MOVES)
@pytest.mark.parametrize("done", MOVES)
def test_a_move_earns_its_point_by_going_the_asked_way(asked: str, done: str) -> None:
    where = located(region(HERE), region(MOVES[done]))
    assert judges.position(move(asked), where) == Verdict(float(asked == done))


def test_a_move_sideways_more_than_forward_is_none() -> None:
    assert judges.position(move("right"), located(region(HERE), region((50, 75, 70, 95)))).value == 0.0


def test_a_move_must_be_salient() -> None:
    # 8 of 20 pixels: IoU 12 / 28 = 0.43; 9 of 20: 11 / 29 = 0.38; the threshold is 0.4.
    assert judges.position(move("right"), located(region(HERE), region((28, 40, 48, 60)))).value == 0.0
    assert judges.position(move("right"), located(region(HERE), region((29, 40, 49, 60)))).value == 1.0


def test_a_move_is_judged_by_its_anchor_when_it_has_one() -> None:
    where = located(region(HERE), region((0, 40, 18, 60)), detections((60, 40, 80, 60)))
    assert judges.position(move("left", anchor="sofa"), where).value == 1.0
    assert judges.position(move("right", anchor="sofa"), where).value == 0.0


def test_a_move_to_no_named_place_must_leave_the_old_one() -> None:
    assert judges.position(move("unchanged"), located(region(HERE), region(MOVES["up"]))).value == 1.0
    assert judges.position(move("unchanged"), located(region(HERE), region(HERE))).value == 0.0


@pytest.mark.parametrize(("boxes", "value"), [("right right", 1.0), ("right up", 0.5), ("up down", 0.0)])
def test_of_several_boxes_all_or_some_may_stand_right(boxes: str, value: float) -> None:
    where = located(region(HERE), region(*(MOVES[each] for each in boxes.split())))
    assert judges.position(move("right"), where).value == value


@pytest.mark.parametrize("edit_type", ["color", "texture", "replace", "action", "other"])
def test_other_edits_leave_the_object_where_it_was(edit_type: str) -> None:
    intent = EditIntent(edit_type, "thing", "blue thing")
    assert judges.position(intent, located(region(HERE), region((22, 40, 42, 60)))).value == 1.0
    assert judges.position(intent, located(region(HERE), region(MOVES["up"]))).value == 0.0


def test_one_of_several_old_places_will_do() -> None:
    where = located(region(MOVES["up"], HERE), region(HERE))
    assert judges.position(EditIntent("color", "thing", "blue thing"), where).value == 1.0


def test_growth_about_the_centre_is_no_change_of_position() -> None:
    where = located(region(HERE), region((10, 30, 50, 70)))  # twice the side: IoU 0.25
    assert judges.position(EditIntent("size", "thing", "thing", size="larger"), where).value == 1.0
    assert judges.position(EditIntent("color", "thing", "blue thing"), where).value == 0.0


@pytest.mark.parametrize(
    ("relation", "box", "holds"),
    [
        ("inside", (30, 30, 50, 50), True),
        ("inside", (29, 30, 49, 50), True),  # 0.95 of it inside the anchor at 30
        ("inside", (20, 30, 40, 50), False),
        ("near", (85, 40, 95, 60), True),  # gap 15, the anchor's diagonal 56.6
        ("near", (70, 0, 80, 5), True),  # gap 25
        ("near", (0, 0, 9, 9), False),  # gap 29.7
        ("right", (80, 40, 100, 60), True),
        ("up", (40, 5, 60, 25), True),
        ("down", (40, 5, 60, 25), False),
    ],
)
def test_relations_to_an_anchor(relation: str, box: tuple[int, ...], holds: bool) -> None:
    intent = EditIntent("add", None, "thing", anchor="sofa", position=relation)
    where = located(None, region(box), detections((30, 30, 70, 70)))
    assert judges.position(intent, where) == Verdict(float(holds))


def test_an_add_without_an_anchor_is_judged_by_the_half_of_the_picture() -> None:
    corner = located(None, region((70, 0, 90, 20)))
    for side, value in {"left": 0.0, "right": 1.0, "up": 1.0, "down": 0.0}.items():
        assert judges.position(EditIntent("add", None, "thing", position=side), corner).value == value
    assert judges.position(EditIntent("add", None, "thing"), located(None, region(HERE))) == GIVEN


def test_rules_of_the_appendix() -> None:
    assert judges.position(EditIntent("remove", "thing", None), located(region(HERE), None)) == GIVEN
    assert judges.size(EditIntent("remove", "thing", None), located(region(HERE), None)) == GIVEN
    assert judges.size(EditIntent("add", None, "thing"), located(None, region(HERE))) == GIVEN


@pytest.mark.parametrize(
    ("side", "sizes"),
    [(17, "smaller"), (18, "unchanged"), (20, "unchanged"), (21, "unchanged"), (22, "larger")],
)
def test_size_by_the_ratio_of_areas(side: int, sizes: str) -> None:
    # 17² / 20² = 0.7225, 18² / 20² = 0.81, 21² / 20² = 1.1025, 22² / 20² = 1.21
    where = located(region(HERE), region((20, 40, 20 + side, 40 + side)))
    for asked in ("larger", "smaller", "unchanged"):
        intent = EditIntent("size", "thing", "thing", size=asked)
        assert judges.size(intent, where) == Verdict(float(asked == sizes))


def test_size_is_that_of_masks_and_not_of_boxes() -> None:
    thin = region(HERE)
    thin.masks[0, 40:50] = False
    assert judges.size_ratio(located(region(HERE), thin)) == 0.5


def test_an_empty_mask_is_taken_for_its_box() -> None:
    empty = region(HERE)
    empty.masks[:] = False
    assert judges.size_ratio(located(region(HERE), empty)) == 1.0


@pytest.mark.parametrize(
    ("intent", "where", "flag"),
    [
        (move("right"), located(NOWHERE, region(HERE)), "source_not_found"),
        (move("right"), located(region(HERE), NOWHERE), "target_not_found"),
        (move("right", anchor="sofa"), located(region(HERE), region(HERE), NOWHERE.detections), "anchor_not_found"),
        (EditIntent("add", None, "thing"), located(None, NOWHERE), "target_not_found"),
    ],
)
def test_position_without_a_box_is_a_flagged_fallback(intent: EditIntent, where: Located, flag: str) -> None:
    assert judges.position(intent, where) == Verdict(1.0, "fallback", flag)


def test_size_without_a_box_is_a_flagged_fallback() -> None:
    intent = EditIntent("color", "thing", "blue thing")
    assert judges.size(intent, located(NOWHERE, region(HERE))) == Verdict(1.0, "fallback", "source_not_found")
    assert judges.size(intent, located(region(HERE), NOWHERE)) == Verdict(1.0, "fallback", "target_not_found")


def features(**vectors: tuple[float, ...]) -> dict[str, np.ndarray]:
    return {name: np.array(vector, np.float32) for name, vector in vectors.items()}


BOTH = located(region(HERE), region(HERE))


def test_modify_is_the_cosine_of_the_two_directions() -> None:
    # The crops go by (3, 4, 0), the texts by (1, 0, 0): cosine 3 / 5.
    given = features(original_crop=(1, 1, 1), edited_crop=(4, 5, 1), source=(1, 2, 3), target=(2, 2, 3))
    assert judges.modify(EditIntent("color", "thing", "blue thing"), BOTH, given).value == pytest.approx(0.6)


def test_modify_of_an_add_and_of_a_remove_has_one_text() -> None:
    given = features(original_crop=(0, 1), edited_crop=(3, 5), source=(0, 2), target=(1, 0))
    add = judges.modify(EditIntent("add", None, "thing"), located(None, region(HERE)), given)
    remove = judges.modify(EditIntent("remove", "thing", None), located(region(HERE), None), given)
    assert add.value == pytest.approx(0.6)
    assert remove.value == pytest.approx(-0.8)


def test_modify_of_the_same_crop_is_zero() -> None:
    given = features(original_crop=(1, 2), edited_crop=(1, 2), source=(1, 0), target=(0, 1))
    assert judges.modify(EditIntent("color", "thing", "blue thing"), BOTH, given) == Verdict(0.0)


def test_modify_fades_out_below_the_noise_floor_but_not_as_released() -> None:
    # The change is 0.1 of the feature's norm, a third of the floor of 0.3, and points the right way.
    given = features(original_crop=(1, 0), edited_crop=(1, 0.1), source=(0, 0), target=(0, 1))
    intent = EditIntent("color", "thing", "blue thing")
    assert judges.modify(intent, BOTH, given).value == pytest.approx(1 / 3, rel=1e-5)
    assert released.modify(intent, BOTH, given).value == pytest.approx(1.0)


def test_modify_of_a_move_is_how_far_it_stayed_itself_while_it_moved() -> None:
    given = features(original_crop=(3, 4), edited_crop=(4, 3), source=(1, 0), target=(1, 0))
    moved = located(region(HERE), region(MOVES["right"]))
    assert judges.modify(move("right"), moved, given).value == pytest.approx(24 / 25)
    assert judges.modify(move("left"), moved, given).value == 0.0
    assert released.modify(move("right"), moved, given).value == 0.0


def test_modify_without_a_text_direction_cannot_be_measured() -> None:
    given = features(original_crop=(3, 4), edited_crop=(4, 3), source=(1, 0), target=(1, 0))
    verdict = judges.modify(EditIntent("color", "car", "car"), BOTH, given)
    assert verdict == Verdict(0.0, "fallback", "parse_uncertain")


def test_modify_when_an_object_is_missing() -> None:
    given = features(edited_picture=(3, 4), target=(1, 0), source=(0, 1))
    intent = EditIntent("color", "thing", "blue thing")
    lost = judges.modify(intent, located(NOWHERE, region(HERE)), given)
    assert (lost.value, lost.basis, lost.flag) == (pytest.approx(0.6), "fallback", "source_not_found")
    assert judges.modify(intent, located(region(HERE), NOWHERE), given) == Verdict(0.0, "fallback", "target_not_found")
    assert judges.modify(EditIntent("remove", "thing", None), located(NOWHERE, None), given).value == 0.0


def test_modify_of_a_global_edit() -> None:
    given = features(original_picture=(1, 0), edited_picture=(1, 3), target=(4, 3))
    intent = EditIntent("style", "all", "night")
    assert judges.modify(intent, located(None, None), given).value == pytest.approx(0.6)
    assert released.modify(intent, located(None, None), given).value == pytest.approx(13 / (math.sqrt(10) * 5))


def picture(value: int) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), value, np.uint8)


def test_change_map_is_the_distance_per_pixel() -> None:
    original, edited = picture(100), picture(100)
    edited[3, 4] = 100 + 51, 100, 100 - 51
    change = judges.change_map(original, edited)
    assert change.dtype == np.float32
    assert change[3, 4] == pytest.approx(math.sqrt(2 / 3) * 0.2)
    assert np.count_nonzero(change) == 1


def test_released_change_map_wraps() -> None:
    # 40² = 1600 = 6 * 256 + 64, and the root of 64 is 8; -40 is 216, whose square wraps to the same.
    for edited in (140, 60):
        assert judges.change_map(picture(100), picture(edited))[0, 0] == pytest.approx(40 / 255)
        assert released.change_map(picture(100), picture(edited))[0, 0] == pytest.approx(8 / 255)


def test_preserve_looks_outside_both_masks() -> None:
    change = np.zeros((SIDE, SIDE), np.float32)
    change[40:60, 20:40] = 1  # HERE
    change[:, 90:] = 0.5
    where = located(region(HERE), region(MOVES["down"]))
    outside = SIDE * SIDE - 400 - 400
    assert judges.preserve(change, where).value == pytest.approx(1 - 0.5 * 1000 / outside)


def test_preserve_looks_everywhere_when_an_object_is_missing() -> None:
    change = np.zeros((SIDE, SIDE), np.float32)
    change[40:60, 20:40] = 1
    verdict = judges.preserve(change, located(region(HERE), NOWHERE))
    assert verdict == Verdict(pytest.approx(0.96), "fallback", "target_not_found")


def test_preserve_with_nothing_outside_does_not_apply() -> None:
    change = np.ones((SIDE, SIDE), np.float32)
    full = located(region((0, 0, SIDE, SIDE)), region(HERE))
    assert judges.preserve(change, full) == Verdict(None, "fallback", "nothing_outside")
    assert released.preserve(change, full).value == 1.0


def test_crops_enclose_all_boxes() -> None:
    boxes = judges.crop_boxes(located(region(HERE, MOVES["right"]), region(HERE)))
    assert [box.tolist() for box in boxes] == [[20, 40, 90, 65], [20, 40, 40, 60]]
    assert judges.crop_boxes(located(region(HERE), NOWHERE)) is None
    assert [box.tolist() for box in judges.crop_boxes(located(None, region(HERE)))] == [[20, 40, 40, 60]] * 2


def test_released_crops_both_pictures_by_the_originals_boxes() -> None:
    boxes = released.crop_boxes(located(region(HERE), region(MOVES["right"])))
    assert [box.tolist() for box in boxes] == [[20, 40, 40, 60]] * 2
    assert [box.tolist() for box in released.crop_boxes(located(None, region(HERE)))] == [[20, 40, 40, 60]] * 2


def test_released_judges_positions_of_anchored_adds_alone() -> None:
    moved = located(region(HERE), region(MOVES["up"]), detections(HERE))
    assert released.position(move("right", anchor="sofa"), moved) == GIVEN
    assert released.position(EditIntent("color", "thing", "blue thing"), moved) == GIVEN
    for asked, value in {"up": 1.0, "right": 0.0, "near": 1.0, "inside": 0.0, "unchanged": 0.0}.items():
        intent = EditIntent("add", None, "thing", anchor="sofa", position=asked)  # centres 5 + 35 = 40 pixels apart
        assert released.position(intent, located(None, region(MOVES["up"]), detections(HERE))).value == value


def test_released_judges_sizes_of_boxes_in_size_edits_alone() -> None:
    grown = region((20, 40, 60, 80), (0, 0, 1, 1))
    grown.masks[:] = False
    where = located(region(HERE), grown)
    assert released.size(EditIntent("size", "thing", "thing", size="larger"), where).value == 1.0
    assert released.size(EditIntent("size", "thing", "thing", size="smaller"), where).value == 0.0
    assert released.size(EditIntent("color", "thing", "blue thing"), where) == GIVEN


def test_the_same_picture_is_one_that_changed_by_no_more_than_noise() -> None:
    rng = np.random.default_rng(0)
    original = rng.integers(0, 256, (70, 90, 3), dtype=np.uint8)
    for sigma in (0, 3, 30):
        noisy = np.clip(original + rng.normal(0, sigma, original.shape) + 0.5, 0, 255).astype(np.uint8)
        assert judges.same_picture(original, noisy)
        noisy[10:34, 20:44] = 255 - noisy[10:34, 20:44] // 2
        assert not judges.same_picture(original, noisy)


def test_norm_clips() -> None:
    assert [overall.norm(value, (0.2, 0.6)) for value in (0.0, 0.2, 0.3, 0.6, 9.0)] == [0, 0, pytest.approx(0.25), 1, 1]
    assert overall.norm(None, (0.2, 0.6)) is None


def test_bpm_weighs_the_two_tiers() -> None:
    assert overall.bpm(1.0, 2.0) == pytest.approx(0.7 * 1.0 + 0.3 * 2.0)
    assert overall.bpm(1.5, None) == 1.5
    assert overall.semantic_score(0.4, 0.9) == pytest.approx(1.3)
    assert overall.semantic_score(0.4, None) == pytest.approx(0.8)


def test_confidence_counts_what_was_measured() -> None:
    measured, fallback = Verdict(0.3), Verdict(1.0, "fallback", "anchor_not_found")
    assert overall.confidence([measured, measured], [], []) == 1.0
    assert overall.confidence([measured, measured, fallback, GIVEN], [], []) == pytest.approx(2 / 3)
    assert overall.confidence([measured], [0.8, 0.4], []) == pytest.approx(0.6)
    assert overall.confidence([measured], [0.8], ["out_of_domain", "resized"]) == pytest.approx(0.4)
    assert overall.confidence([fallback], [0.8], []) == 0.0
