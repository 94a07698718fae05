"""What is found in an edited picture of which only windows were looked at."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.metrics.looking.carry import carry_over
from editjudge.metrics.looking.plan import ChangedPlaces
from editjudge.models.windows.window import Window
from editjudge.types import Detections

WINDOW = Window(0, 100, 100, 300, 300, 0.25)
LEFT, MIDDLE, RIGHT = [10, 10, 60, 60], [150, 150, 250, 250], [320, 10, 380, 60]


def found(*boxes: list[float], scores: tuple[float, ...] = (), weak: bool = False) -> Detections:
    given = scores or (0.8,) * len(boxes)
    return Detections("car", np.array(boxes, np.float32).reshape(-1, 4), np.array(given, np.float32), weak)


def changed(*boxes: list[int]) -> ChangedPlaces:
    mask = np.zeros((400, 400), bool)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    return ChangedPlaces(mask, 400, 400)


def carry(before: Detections, seen: Detections, places: ChangedPlaces) -> Detections | None:
    return carry_over(before, [(WINDOW, seen)], places)


def test_what_did_not_change_is_where_it_was_and_the_rest_is_found_anew() -> None:
    result = carry(found(LEFT, MIDDLE, scores=(0.6, 0.9)), found([160, 150, 260, 250]), changed([150, 150, 260, 250]))
    assert result.boxes.tolist() == [[160, 150, 260, 250], LEFT]  # best first
    assert result.scores.tolist() == pytest.approx([0.8, 0.6])


def test_of_two_boxes_of_one_thing_the_one_that_was_there_stays() -> None:
    slightly = [152.0, 150.0, 250.0, 250.0]
    result = carry(found(MIDDLE, scores=(0.5,)), found(slightly, [110, 110, 140, 140]), changed([110, 110, 140, 140]))
    assert sorted(result.boxes.tolist()) == sorted([MIDDLE, [110, 110, 140, 140]])


def test_what_shows_in_a_window_where_nothing_changed_was_not_in_the_original_and_is_not_now() -> None:
    result = carry(found(LEFT), found([110, 110, 140, 140], [200, 200, 240, 240]), changed([200, 200, 240, 240]))
    assert sorted(result.boxes.tolist()) == sorted([LEFT, [200, 200, 240, 240]])


@pytest.mark.parametrize(
    ("before", "seen"),
    [
        (found(), found()),
        (found(), found(MIDDLE, weak=True)),
        (found(MIDDLE), found()),
        (found(LEFT, MIDDLE), found()),
        (found(LEFT, weak=True), found()),
        (found(), found([200, 200, 300, 260])),
        (found(LEFT), found([100, 200, 160, 260])),
    ],
    ids=["nothing", "doubted", "lost", "one lost", "doubted before", "cut at the right", "cut at the left"],
)
def test_only_a_look_at_the_whole_can_tell(before: Detections, seen: Detections) -> None:
    assert carry(before, seen, changed(MIDDLE, [100, 200, 300, 260])) is None


def test_what_ends_where_the_picture_does_is_not_cut() -> None:
    window = Window(0, 200, 200, 400, 400, 0.25)
    result = carry_over(found(), [(window, found([300, 300, 400, 400]))], changed([300, 300, 400, 400]))
    assert result.boxes.tolist() == [[300, 300, 400, 400]]


def test_what_two_windows_show_counts_once() -> None:
    other = Window(0, 0, 100, 200, 300, 0.25)
    places = changed([110, 150, 190, 250])
    result = carry_over(found(), [(WINDOW, found([120, 150, 190, 250])), (other, found([119, 150, 190, 250]))], places)
    assert len(result) == 1
