"""Borders of one colour round a picture are found to the pixel, and what is none is left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from editjudge.image.canvas import Content, find_content
from editjudge.types import Image
from studio.edits.drifts import compress
from support.photographs import SIDE, all_pictures, photographs


def framed(picture: Image, level: int, *sides: int) -> Image:
    """With a border of so many pixels at the top, the bottom, the left and the right."""
    return np.asarray(cv2.copyMakeBorder(picture, *sides, cv2.BORDER_CONSTANT, value=(level,) * 3), np.uint8)


@pytest.mark.parametrize("pixels", [16, 48])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_border_is_found(level: int, pixels: int) -> None:
    for picture in all_pictures():
        whole = framed(picture, level, *[pixels] * 4)
        content = find_content(whole)
        assert content.box == (pixels, pixels, pixels + SIDE, pixels + SIDE)
        assert np.array_equal(content.cut(whole), picture)


@pytest.mark.parametrize("quality", [60, 85])
def test_a_border_is_found_after_compression(quality: int) -> None:
    """To the pixel or two that it smears over the edge."""
    for picture in all_pictures():
        for level in (0, 255):
            box = find_content(compress(framed(picture, level, *[16] * 4), quality)).box
            assert box == pytest.approx((16, 16, 16 + SIDE, 16 + SIDE), abs=2)


def test_sides_may_differ() -> None:
    for picture in photographs():
        assert find_content(framed(picture, 255, 10, 90, 20, 20)).box == (20, 10, 20 + SIDE, 10 + SIDE)


@pytest.mark.parametrize(("sides", "box"), [((40, 40, 0, 0), (0, 40, 512, 552)), ((0, 0, 40, 40), (40, 0, 552, 512))])
def test_bars_at_two_sides_are_a_border(sides: tuple[int, ...], box: tuple[int, ...]) -> None:
    for picture in all_pictures():
        assert find_content(framed(picture, 255, *sides)).box == box


def test_a_bar_at_one_side_may_be_the_picture() -> None:
    for picture in all_pictures():
        assert find_content(framed(picture, 255, 40, 0, 0, 0)).is_whole


def test_pictures_without_a_border_are_whole() -> None:
    for picture in all_pictures():
        assert find_content(picture) == Content.whole(SIDE, SIDE)


def test_a_plain_background_is_no_border() -> None:
    """As of a product on white: there is no straight edge to what lies inside."""
    background = np.full((200, 300, 3), 255, np.uint8)
    assert find_content(background).is_whole
    round_thing = cv2.circle(background.copy(), (150, 100), 60, (200, 30, 30), -1)
    assert find_content(np.asarray(round_thing, np.uint8)).is_whole
    box = background.copy()
    box[60:140, 120:180] = 30
    assert find_content(box).is_whole


def test_a_white_sky_under_a_white_border_keeps_its_height() -> None:
    for picture in photographs():
        rows, columns = np.indices(picture.shape[:2])
        sky = np.where((rows < 40 + columns // 8)[..., None], np.uint8(255), picture)
        assert find_content(framed(sky, 255, *[16] * 4)).box == (16, 16, 16 + SIDE, 16 + SIDE)


def test_a_border_that_is_most_of_the_picture_is_none() -> None:
    small = photographs()[0][:100, :100]
    assert find_content(framed(small, 255, *[100] * 4)).is_whole


def test_the_same_part_of_a_picture_of_another_size() -> None:
    content = Content((10, 20, 90, 180), 200, 100)
    larger = np.arange(400 * 200 * 3, dtype=np.uint32).astype(np.uint8).reshape(400, 200, 3)
    assert np.array_equal(content.cut(larger), larger[40:360, 20:180])
    assert Content.whole(7, 9).cut(larger) is larger


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (4, 4), (50, 3)])
def test_pictures_of_any_size(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert find_content(picture).is_whole
    assert find_content(np.full((*shape, 3), 9, np.uint8)).is_whole
