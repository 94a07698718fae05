"""What happened to a part of a picture is no drift of all of it, and what was asked of all of it is no drift either."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from editjudge.image.changes import find_changes
from editjudge.types import Image
from studio.edits.drifts import compress, scale_levels, shift
from support.photographs import SIDE, add_noise, photographs, rendered


def draw_thing(left: int, side: int = 120, slope: float = 0.1) -> Image:
    """A checkered thing on a plain backdrop that gets lighter downwards by `slope` levels a pixel."""
    backdrop = np.clip(90 + slope * np.arange(SIDE), 0, 255).astype(np.uint8)
    picture = np.repeat(np.repeat(backdrop[:, None, None], SIDE, 1), 3, 2)
    cells = (np.indices((side, side)) // (side // 6)).sum(axis=0) % 2
    top = (SIDE - side) // 2
    picture[top : top + side, left : left + side] = np.where(cells[..., None], (200, 40, 40), (250, 230, 200))
    return picture


@pytest.mark.parametrize("slope", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("pixels", [10, 20])
def test_one_thing_that_moved_on_a_plain_backdrop_is_an_edit(pixels: int, slope: float) -> None:
    changes = find_changes(draw_thing(190, slope=slope), draw_thing(190 + pixels, slope=slope))
    assert changes.kind == "edit"
    assert changes.alignment.is_still


@pytest.mark.parametrize("pixels", [1, 2])
def test_a_picture_of_one_thing_that_is_shifted_a_little_is_the_same(pixels: int) -> None:
    picture = draw_thing(190)
    assert find_changes(picture, shift(picture, pixels)).kind == "unchanged"


@pytest.mark.parametrize("share", [0.4, 0.5, 0.6])
@pytest.mark.parametrize("factor", [0.8, 0.9, 1.15])
def test_a_part_in_another_tone_is_an_edit_of_that_part(factor: float, share: float) -> None:
    for picture in photographs():
        edited, rows = picture.copy(), int(share * SIDE)
        edited[:rows] = scale_levels(picture[:rows], factor)
        changes = find_changes(picture, edited)
        assert changes.kind == "edit"
        assert changes.alignment.gain == (1.0, 1.0, 1.0)
        top, bottom = np.vsplit(changes.resize_mask(SIDE, SIDE), [rows])
        assert top.mean() > 5 * bottom.mean()


def test_another_backdrop_is_what_changed_and_not_the_thing_before_it() -> None:
    picture = draw_thing(190)
    edited = scale_levels(picture, 0.8, 0.9, 1.2)
    thing = (slice(196, 316), slice(190, 310))
    edited[thing] = picture[thing]
    changes = find_changes(picture, edited)
    assert changes.kind == "edit"
    assert changes.share > 0.5
    assert changes.resize_mask(SIDE, SIDE)[thing].mean() < 0.2


SUBTLE = {
    "lighter": lambda picture: scale_levels(picture, 1.12),
    "warmer": lambda picture: scale_levels(picture, 1.1, 1.0, 0.9),
    "sharper": lambda picture: np.clip(
        1.8 * picture.astype(np.float32) - 0.8 * cv2.GaussianBlur(picture, (0, 0), 2), 0, 255
    ).astype(np.uint8),
    "with grain": lambda picture: add_noise(picture, 15),
}


@pytest.mark.parametrize("change", SUBTLE)
def test_what_is_asked_of_the_whole_picture_may_be_subtle(change: str) -> None:
    for picture in photographs():
        edited = SUBTLE[change](picture)
        assert find_changes(picture, edited, whole=True, subtle=True).kind == "edit"
        assert find_changes(picture, edited).kind in ("unchanged", "noise", "edit")
        assert find_changes(picture, picture.copy(), whole=True, subtle=True).kind == "unchanged"


def test_another_picture_in_the_style_that_was_asked_for_is_another_picture() -> None:
    pictures = (*rendered(), *photographs())
    for one, other in zip(pictures, (*pictures[1:], pictures[0]), strict=True):
        night = scale_levels(other, 0.3, 0.35, 0.6)
        assert find_changes(one, compress(night, 90), whole=True).kind == "other_picture"
        assert find_changes(other, compress(night, 90), whole=True).kind == "edit"
