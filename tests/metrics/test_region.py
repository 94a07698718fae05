"""Positions and sizes against the formula worked out by hand."""

from __future__ import annotations

import pytest

from editjudge.metrics.bpm import region
from editjudge.metrics.bpm.subscore import ABSENT, GIVEN, SubScore
from editjudge.metrics.grounding import Grounding
from editjudge.types import EditIntent
from support.groundings import HERE, MOVES, NOWHERE, detections_at, grounding, move, region_at


@pytest.mark.parametrize("direction", MOVES)
@pytest.mark.parametrize("done", MOVES)
def test_a_move_earns_its_point_by_going_the_asked_way(direction: str, done: str) -> None:
    where = grounding(region_at(HERE), region_at(MOVES[done]))
    assert region.position(move(direction), where) == SubScore(float(direction == done))


def test_a_move_sideways_more_than_forward_is_none() -> None:
    assert region.position(move("right"), grounding(region_at(HERE), region_at((50, 75, 70, 95)))).value == 0.0


def test_a_move_must_be_salient() -> None:
    # 8 of 20 pixels: IoU 12 / 28 = 0.43; 9 of 20: 11 / 29 = 0.38; the threshold is 0.4.
    assert region.position(move("right"), grounding(region_at(HERE), region_at((28, 40, 48, 60)))).value == 0.0
    assert region.position(move("right"), grounding(region_at(HERE), region_at((29, 40, 49, 60)))).value == 1.0


def test_a_move_is_judged_by_its_anchor_when_it_has_one() -> None:
    where = grounding(region_at(HERE), region_at((0, 40, 18, 60)), detections_at((60, 40, 80, 60)))
    assert region.position(move("left", anchor="sofa"), where).value == 1.0
    assert region.position(move("right", anchor="sofa"), where).value == 0.0


def test_a_move_to_no_named_place_must_leave_the_old_one() -> None:
    assert region.position(move("unchanged"), grounding(region_at(HERE), region_at(MOVES["up"]))).value == 1.0
    assert region.position(move("unchanged"), grounding(region_at(HERE), region_at(HERE))).value == 0.0


@pytest.mark.parametrize(("boxes", "value"), [("right right", 1.0), ("right up", 0.5), ("up down", 0.0)])
def test_of_several_boxes_all_or_some_may_stand_right(boxes: str, value: float) -> None:
    where = grounding(region_at(HERE), region_at(*(MOVES[direction] for direction in boxes.split())))
    assert region.position(move("right"), where).value == value


@pytest.mark.parametrize("edit_type", ["color", "texture", "replace", "action", "other"])
def test_other_edits_leave_the_object_where_it_was(edit_type: str) -> None:
    intent = EditIntent(edit_type, "thing", "blue thing")
    assert region.position(intent, grounding(region_at(HERE), region_at((22, 40, 42, 60)))).value == 1.0
    assert region.position(intent, grounding(region_at(HERE), region_at(MOVES["up"]))).value == 0.0


def test_one_of_several_old_places_will_do() -> None:
    where = grounding(region_at(MOVES["up"], HERE), region_at(HERE))
    assert region.position(EditIntent("color", "thing", "blue thing"), where).value == 1.0


def test_growth_about_the_centre_is_no_change_of_position() -> None:
    where = grounding(region_at(HERE), region_at((10, 30, 50, 70)))  # twice the side: IoU 0.25
    assert region.position(EditIntent("size", "thing", "thing", size="larger"), where).value == 1.0
    assert region.position(EditIntent("color", "thing", "blue thing"), where).value == 0.0


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
    where = grounding(None, region_at(box), detections_at((30, 30, 70, 70)))
    assert region.position(intent, where) == SubScore(float(holds))


def test_an_add_without_an_anchor_is_judged_by_the_half_of_the_picture() -> None:
    corner = grounding(None, region_at((70, 0, 90, 20)))
    for side, value in {"left": 0.0, "right": 1.0, "up": 1.0, "down": 0.0}.items():
        assert region.position(EditIntent("add", None, "thing", position=side), corner).value == value
    assert region.position(EditIntent("add", None, "thing"), grounding(None, region_at(HERE))) == GIVEN


def test_rules_of_the_appendix() -> None:
    assert region.position(EditIntent("remove", "thing", None), grounding(region_at(HERE), None)) == GIVEN
    assert region.size(EditIntent("remove", "thing", None), grounding(region_at(HERE), None)) == GIVEN
    assert region.size(EditIntent("add", None, "thing"), grounding(None, region_at(HERE))) == GIVEN


@pytest.mark.parametrize(
    ("side", "sizes"),
    [(17, "smaller"), (18, "unchanged"), (20, "unchanged"), (21, "unchanged"), (22, "larger")],
)
def test_size_by_the_ratio_of_areas(side: int, sizes: str) -> None:
    # 17² / 20² = 0.7225, 18² / 20² = 0.81, 21² / 20² = 1.1025, 22² / 20² = 1.21
    where = grounding(region_at(HERE), region_at((20, 40, 20 + side, 40 + side)))
    for size in ("larger", "smaller", "unchanged"):
        intent = EditIntent("size", "thing", "thing", size=size)
        assert region.size(intent, where) == SubScore(float(size == sizes))


def test_size_is_that_of_masks_and_not_of_boxes() -> None:
    thin = region_at(HERE)
    thin.masks[0, 40:50] = False
    assert region.size_ratio(grounding(region_at(HERE), thin)) == 0.5


def test_an_empty_mask_is_taken_for_its_box() -> None:
    empty = region_at(HERE)
    empty.masks[:] = False
    assert region.size_ratio(grounding(region_at(HERE), empty)) == 1.0


@pytest.mark.parametrize(
    ("intent", "where", "flag"),
    [
        (move("right"), grounding(NOWHERE, region_at(HERE)), "source_not_found"),
        (EditIntent("color", "thing", "blue thing"), grounding(NOWHERE, region_at(HERE)), "source_not_found"),
        (
            move("right", anchor="sofa"),
            grounding(region_at(HERE), region_at(HERE), NOWHERE.detections),
            "anchor_not_found",
        ),
        (
            EditIntent("add", None, "thing", "sofa", position="left"),
            grounding(None, NOWHERE, NOWHERE.detections),
            "anchor_not_found",
        ),
    ],
)
def test_a_position_without_its_reference_was_not_measured(intent: EditIntent, where: Grounding, flag: str) -> None:
    assert region.position(intent, where) == SubScore(None, "unmeasured", flag)


def test_a_result_that_is_missing_has_no_place_and_no_size() -> None:
    """It is no failure to measure: its source was found, and it counts as not done."""
    color, without = EditIntent("color", "thing", "blue thing"), grounding(region_at(HERE), NOWHERE)
    assert region.position(move("right"), without) == ABSENT
    assert region.position(EditIntent("add", None, "thing"), grounding(None, NOWHERE)) == ABSENT
    assert region.size(color, without) == ABSENT
    assert region.size(EditIntent("add", None, "thing"), grounding(None, NOWHERE)) == ABSENT
    assert region.size_ratio(without) is None


def test_a_size_without_the_source_was_not_measured() -> None:
    intent = EditIntent("color", "thing", "blue thing")
    lost = SubScore(None, "unmeasured", "source_not_found")
    assert region.size(intent, grounding(NOWHERE, region_at(HERE))) == lost
    assert region.size(intent, grounding(NOWHERE, NOWHERE)) == lost


def test_of_what_was_to_be_removed_and_was_not_seen_nothing_was_measured() -> None:
    lost = SubScore(None, "unmeasured", "source_not_found")
    for measure in (region.position, region.size):
        assert measure(EditIntent("remove", "thing", None), grounding(NOWHERE, None)) == lost


@pytest.mark.parametrize("asked", MOVES)
@pytest.mark.parametrize("done", MOVES)
def test_a_move_the_other_way_is_opposite(asked: str, done: str) -> None:
    where = grounding(region_at(HERE), region_at(MOVES[done]))
    assert region.is_opposite(move(asked), where) == (region.OPPOSITE[asked] == done)


def test_shrinking_is_opposite_to_growing_and_standing_still_to_nothing() -> None:
    half, twice = region_at((20, 40, 34, 54)), region_at((20, 40, 48, 68))  # 14² and 28² over 20²: 0.49 and 1.96
    larger, smaller = (EditIntent("size", "thing", "thing", size=size) for size in ("larger", "smaller"))
    for intent, after, opposite in ((larger, half, True), (larger, twice, False), (smaller, twice, True)):
        assert region.is_opposite(intent, grounding(region_at(HERE), after)) == opposite
    for intent in (larger, smaller, move("left"), move("near")):
        assert not region.is_opposite(intent, grounding(region_at(HERE), region_at(HERE)))
        assert not region.is_opposite(intent, grounding(region_at(HERE), NOWHERE))
    assert not region.is_opposite(EditIntent("color", "thing", "blue thing"), grounding(region_at(HERE), half))
