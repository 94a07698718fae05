"""Where an edited picture is looked at: windows that show all that changed, or the whole of it, and why."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.metrics.looking.plan import ChangedPlaces, plan_look
from editjudge.models.windows.window import Window, WindowSizes, choose_window

NO_BOXES = np.zeros((0, 4), np.float32)


def changed(*boxes: tuple[int, int, int, int], side: int = 400) -> ChangedPlaces:
    """A square picture of which these boxes changed, compared at half its size."""
    mask = np.zeros((side // 2, side // 2), bool)
    for x0, y0, x1, y1 in boxes:
        mask[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2] = True
    return ChangedPlaces(mask, side, side)


def plan(places: ChangedPlaces, objects: np.ndarray = NO_BOXES, sides: tuple[int, ...] = (280, 160)) -> object:
    shape = places.height, places.width
    return plan_look(places, objects, shape, WindowSizes(sides, 10, places.height * places.width))


def test_the_places_that_changed_in_pixels_of_the_picture() -> None:
    boxes = changed((20, 40, 60, 100), (300, 300, 320, 380)).boxes()
    assert sorted(boxes.tolist()) == [[20, 40, 60, 100], [300, 300, 320, 380]]


def test_how_much_of_a_box_changed() -> None:
    places = changed((100, 100, 200, 200))
    assert places.share(np.array([0, 0, 90, 90], np.float32)) == 0
    assert places.share(np.array([100, 100, 198, 198], np.float32)) == 1
    assert places.share(np.array([100, 0, 198, 198], np.float32)) == pytest.approx(0.5, abs=0.01)


def test_one_place_is_seen_by_the_smallest_window_that_holds_it_and_its_surroundings() -> None:
    (window,) = plan(changed((180, 180, 220, 220))).windows
    assert (window.place, window.x1 - window.x0, window.cost) == (1, 160, pytest.approx(0.16))
    assert window.x0 <= 140
    assert window.x1 >= 260  # 10 % of 400 on each side
    assert window.x1 >= 240
    (window,) = plan(changed((140, 140, 260, 260))).windows  # with its surroundings 204 pixels
    assert window.place == 0


def test_a_window_stays_in_the_picture() -> None:
    for corner in ((0, 0, 2, 2), (398, 398, 400, 400), (0, 398, 2, 400)):
        (window,) = plan(changed(corner)).windows
        assert 0 <= window.x0 < window.x1 <= 400
        assert 0 <= window.y0 < window.y1 <= 400


def test_what_changed_in_part_is_seen_whole() -> None:
    tall = np.array([[190, 80, 230, 240]], np.float32)
    (window,) = plan(changed((190, 190, 230, 230)), tall).windows
    assert window.y0 <= 80
    still = np.array([[10, 10, 60, 60]], np.float32)
    (window,) = plan(changed((190, 190, 230, 230)), still).windows
    assert window.x0 > 60


def test_places_far_apart_have_windows_of_their_own() -> None:
    windows = plan(changed((10, 10, 40, 40), (360, 360, 390, 390))).windows
    assert len(windows) == 2
    assert sum(window.cost for window in windows) == pytest.approx(0.32)


@pytest.mark.parametrize(
    ("boxes", "reason"),
    [
        ([(0, 0, 400, 120)], "too much of the picture changed"),
        ([(0, 0, 400, 40)], "what changed is too large for a window"),
        ([(4, 4, 20, 20), (380, 4, 396, 20), (4, 380, 20, 396), (380, 380, 396, 396)], "spread over 4 places"),
        ([], "where it changed cannot be told"),
    ],
)
def test_the_whole_is_looked_at_and_why(boxes: list[tuple[int, int, int, int]], reason: str) -> None:
    planned = plan(changed(*boxes))
    assert planned.windows == ()
    assert reason in planned.reason


WIDE, AS_SEEN = (500, 1000), (400, 800)
"""A picture, and as a model sees it whose input has 800 x 800 pixels: 320 of them are 400 of the picture's."""


def choose(*region: float, sides: tuple[int, ...] = (320,)) -> Window | None:
    return choose_window(np.array(region, np.float32), WIDE, AS_SEEN, WindowSizes(sides, 32, 800 * 800))


def test_windows_are_at_the_scale_of_the_whole() -> None:
    window = choose(500, 200, 520, 220)
    assert window == Window(0, 320, 0, 720, 400, pytest.approx(0.16))  # of the padded square that the model runs on
    assert window.x0 % 40 == 0  # 32 of the model's pixels


def test_windows_start_on_the_grid_at_the_borders_too_where_they_can() -> None:
    window = choose(900, 300, 960, 480)
    assert (window.x0 % 40, window.y0 % 40) == (0, 0)
    assert window.y1 <= 500
    at_the_end = choose(900, 300, 960, 500)
    assert (at_the_end.y0, at_the_end.y1) == (100, 500)  # nothing on the grid shows the last row


def test_what_of_a_region_lies_outside_of_the_picture_does_not_count() -> None:
    assert choose(-300, -300, 60, 60) == choose(0, 0, 60, 60)


def test_a_window_larger_than_the_picture_is_the_picture() -> None:
    window = choose_window(
        np.array([10, 10, 20, 20], np.float32), (100, 1000), (80, 800), WindowSizes((320,), 32, 800**2)
    )
    assert (window.y0, window.y1, window.x1 - window.x0) == (0, 100, 400)


def test_what_no_window_holds_has_none() -> None:
    assert choose(0, 0, 401, 10, sides=(320, 160)) is None


def test_boxes_go_to_a_window_and_back() -> None:
    window = Window(0, 30, 40, 130, 140, 0.5)
    boxes = np.array([[35, 50, 60, 90]], np.float32)
    assert window.to_window(boxes).tolist() == [[5, 10, 30, 50]]
    assert window.to_picture(window.to_window(boxes)).tolist() == boxes.tolist()
    assert window.cut(np.zeros((200, 200, 3), np.uint8)).shape == (100, 100, 3)
