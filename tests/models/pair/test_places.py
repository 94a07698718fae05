"""Where two pictures differ most: windows that hold what changed, and none where nothing or everything did."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from editjudge.models.pair.places import MOST, SMALLEST, find_places
from editjudge.types import Image

RED, BLUE = (220, 20, 20), (20, 20, 220)


def room(height: int = 240, width: int = 320, seed: int = 0) -> Image:
    """Soft patches of colour, as a background has them."""
    coarse = np.random.default_rng(seed).integers(60, 200, (6, 8, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def paint(picture: Image, box: tuple[int, int, int, int], colour: tuple[int, int, int] = RED) -> Image:
    """A copy with a rectangle x0, y0, x1, y1."""
    x0, y0, x1, y1 = box
    painted = picture.copy()
    painted[y0:y1, x0:x1] = colour
    return painted


def holds(window: np.ndarray, box: tuple[int, int, int, int]) -> bool:
    return bool((window[:2] <= box[:2]).all() and (window[2:] >= box[2:]).all())


def test_nothing_differs() -> None:
    places = find_places(room(), room())
    assert (places.shape, places.dtype) == ((0, 4), np.float32)


@pytest.mark.parametrize("box", [(100, 80, 150, 130), (0, 0, 30, 30), (290, 215, 320, 240), (10, 100, 150, 112)])
def test_a_thing_more_lies_in_one_square_window(box: tuple[int, int, int, int]) -> None:
    for pair in ((room(), paint(room(), box)), (paint(room(), box), room())):
        (window,) = find_places(*pair)
        assert holds(window, box)
        assert window[2] - window[0] == pytest.approx(window[3] - window[1])
        longest = max(box[2] - box[0], box[3] - box[1])
        assert longest <= window[2] - window[0] <= 2 * longest + 20


def test_two_things_far_apart_the_stronger_first() -> None:
    small, large = (20, 20, 45, 45), (230, 150, 300, 220)
    for boxes in ((small, large), (large, small)):
        edited = room()
        for box in boxes:
            edited = paint(edited, box)
        first, second = find_places(room(), edited)
        assert holds(first, large)
        assert holds(second, small)


def test_no_more_than_the_most() -> None:
    edited = room()
    for x in (10, 90, 170, 250):
        for y in (10, 100, 190):
            edited = paint(edited, (x, y, x + 24, y + 24))
    assert len(find_places(room(), edited)) == MOST


def test_where_most_of_the_picture_changed_there_is_no_place() -> None:
    assert len(find_places(room(), 255 - room())) == 0
    assert len(find_places(room(), paint(room(), (0, 0, 320, 200)))) == 0


def test_a_large_part_is_a_place() -> None:
    (window,) = find_places(room(), paint(room(), (0, 0, 320, 80)))
    assert holds(window, (0, 0, 320, 80))
    np.testing.assert_array_equal(window[2:] - window[:2], [320, 240])  # a square has no room


def compressed(picture: Image) -> Image:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def noisy(picture: Image) -> Image:
    return np.clip(picture + np.random.default_rng(1).normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


DRIFTS: dict[str, Callable[[Image], Image]] = {
    "compressed": compressed,
    "brighter": lambda picture: np.clip(picture.astype(int) + 14, 0, 255).astype(np.uint8),
    "tinted": lambda picture: np.clip(picture.astype(int) + np.array((10, 0, -10)), 0, 255).astype(np.uint8),
    "shifted": lambda picture: np.roll(picture, (1, 1), axis=(0, 1)),
    "noisy": noisy,
    "scaled": lambda picture: cv2.resize(cv2.resize(picture, (280, 210)), (320, 240)),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_is_no_place_and_hides_none(drift: str) -> None:
    things = paint(paint(room(), (40, 150, 90, 200)), (200, 30, 260, 70), BLUE)
    assert len(find_places(things, DRIFTS[drift](things))) == 0
    box = (130, 110, 180, 160)
    window = find_places(things, DRIFTS[drift](paint(things, box)))[0]
    assert holds(window, (133, 113, 177, 157))  # but for a seam


@pytest.mark.parametrize(
    "size",
    [(1, 1), (1, 2), (2, 1), (3, 3), (8, 8), (5, 8), (1, 500), (500, 1), (3, 2000), (2000, 3), (96, 97), (600, 20)],
)
def test_windows_lie_inside_pictures_of_any_size(size: tuple[int, int]) -> None:
    height, width = size
    black, white = (np.full((height, width, 3), shade, np.uint8) for shade in (0, 255))
    part = black.copy()
    part[: max(1, height // 3), : max(1, width // 3)] = 255
    spot = black.copy()
    spot[-1, -1] = 255
    for edited in (black, white, part, spot, np.random.default_rng(0).integers(0, 256, black.shape, np.uint8)):
        for pair in ((black, edited), (edited, black)):
            places = find_places(*pair)
            assert places.shape == (len(places), 4)
            assert places.dtype == np.float32
            assert len(places) <= MOST
            assert (places >= 0).all()
            assert (places[:, 2] <= width).all()
            assert (places[:, 3] <= height).all()
            assert (places[:, 2:] > places[:, :2]).all()


def test_a_window_has_a_least_side() -> None:
    original = room(500, 500)
    (window,) = find_places(original, paint(original, (240, 240, 256, 256)))
    assert holds(window, (240, 240, 256, 256))
    assert window[2] - window[0] >= SMALLEST * 500


def test_pictures_are_left_as_they_were() -> None:
    original, edited = room(), paint(room(), (100, 80, 150, 130))
    before = original.copy(), edited.copy()
    original.flags.writeable = edited.flags.writeable = False
    find_places(original, edited)
    np.testing.assert_array_equal(original, before[0])
    np.testing.assert_array_equal(edited, before[1])
