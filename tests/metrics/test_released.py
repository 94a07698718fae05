"""The rules of the paper's released code, faults included, against its formulas worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editjudge.image import difference
from editjudge.metrics.bpm.released import ReleasedRules
from editjudge.metrics.bpm.subscore import GIVEN
from editjudge.metrics.task import EditTask
from editjudge.types import EditIntent
from support.groundings import HERE, MOVES, SIDE, detections_at, grounding, move, region_at

RELEASED = ReleasedRules()


def picture(value: int) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), value, np.uint8)


def test_the_change_map_wraps() -> None:
    # 40² = 1600 = 6 * 256 + 64, and the root of 64 is 8; -40 is 216, whose square wraps to the same.
    for edited in (140, 60):
        assert difference.change_map(picture(100), picture(edited))[0, 0] == pytest.approx(40 / 255)
        assert RELEASED.change_map(picture(100), picture(edited))[0, 0] == pytest.approx(8 / 255)


def test_both_pictures_are_cropped_by_the_originals_boxes() -> None:
    boxes = RELEASED.crop_boxes(grounding(region_at(HERE), region_at(MOVES["right"])))
    assert [box.tolist() for box in boxes] == [[20, 40, 40, 60]] * 2
    assert [box.tolist() for box in RELEASED.crop_boxes(grounding(None, region_at(HERE)))] == [[20, 40, 40, 60]] * 2


def test_without_a_source_that_is_sure_the_whole_picture_is_embedded() -> None:
    """No pixel confirms by these rules what the detector doubts, so that it is as if it had not been found."""
    doubted = region_at(HERE)
    doubted = replace(doubted, detections=replace(doubted.detections, is_weak=True))
    task = EditTask.of(picture(100), [EditIntent("color", "thing", "blue thing")], RELEASED)
    assert set(task.views(picture(90), grounding(doubted, region_at(HERE)))) == {"edited_picture"}
    assert set(task.views(picture(90), grounding(region_at(HERE), region_at(HERE)))) == {"edited_crop"}


def test_positions_matter_in_anchored_adds_alone() -> None:
    moved = grounding(region_at(HERE), region_at(MOVES["up"]), detections_at(HERE))
    assert RELEASED.position(move("right", anchor="sofa"), moved) == GIVEN
    assert RELEASED.position(EditIntent("color", "thing", "blue thing"), moved) == GIVEN
    for position, value in {"up": 1.0, "right": 0.0, "near": 1.0, "inside": 0.0, "unchanged": 0.0}.items():
        intent = EditIntent("add", None, "thing", anchor="sofa", position=position)  # centres 5 + 35 = 40 pixels apart
        assert RELEASED.position(intent, grounding(None, region_at(MOVES["up"]), detections_at(HERE))).value == value


def test_sizes_are_those_of_boxes_and_matter_in_size_edits_alone() -> None:
    grown = region_at((20, 40, 60, 80), (0, 0, 1, 1))
    grown.masks[:] = False
    where = grounding(region_at(HERE), grown)
    assert RELEASED.size(EditIntent("size", "thing", "thing", size="larger"), where).value == 1.0
    assert RELEASED.size(EditIntent("size", "thing", "thing", size="smaller"), where).value == 0.0
    assert RELEASED.size(EditIntent("color", "thing", "blue thing"), where) == GIVEN
