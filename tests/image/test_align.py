"""How an edited picture lies to its original, on the pictures of the demo and on photographs, against what was done."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from editjudge.image.align import fit_alignment, refine_shift, shrink
from editjudge.image.alignment import IDENTITY, PairAlignment
from editjudge.image.changes import find_changes
from editjudge.image.tone import is_clear_tone, measure_misfit
from editjudge.types import Image
from studio.edits.drifts import compress, crop, scale_levels, shift
from support.photographs import SIDE, all_pictures, inverted, moved, rendered


@pytest.mark.parametrize("pixels", [1, 2, 5])
def test_a_shift_is_found(pixels: int) -> None:
    """To less than half a pixel, though the pictures are compared at half their size."""
    for original in all_pictures():
        alignment = find_changes(original, shift(original, pixels)).alignment
        assert alignment.shift(*original.shape[:2]) == pytest.approx((pixels, pixels), abs=0.45)


@pytest.mark.parametrize(("right", "down"), [(0.5, 0.5), (1, 1), (-1.3, 0.7), (2, -2), (0.4, 1.6), (8, 5)])
def test_a_shift_is_refined_at_full_size_to_a_part_of_a_pixel(right: float, down: float) -> None:
    for original in all_pictures():
        edited = moved(original, right, down)
        refined = refine_shift(find_changes(original, edited).alignment, original, edited)
        assert refined.shift(*original.shape[:2]) == pytest.approx((right, down), abs=0.15)
        assert refined.scale == 1.0


def test_a_shift_is_refined_beside_an_edit() -> None:
    for original in all_pictures():
        edited = moved(inverted(original, 200, 200, 90), 1.5, -0.75)
        changes = find_changes(original, edited)
        refined = refine_shift(changes.alignment, original, edited, changes.resize_mask(SIDE, SIDE))
        assert refined.shift(*original.shape[:2]) == pytest.approx((1.5, -0.75), abs=0.15)


@pytest.mark.parametrize("corner", [(0, 0), (290, 0), (0, 301), (310, 290)])
def test_a_shift_is_refined_where_a_picture_shows_something(corner: tuple[int, int]) -> None:
    for picture in all_pictures():
        original = np.full_like(picture, 127)
        original[corner[0] :, corner[1] :][:200, :200] = picture[150:350, 150:350]
        edited = moved(original, 1.3, -0.7)
        coarse = PairAlignment(np.array([[1, 0, 1], [0, 1, -1]], np.float32))
        assert refine_shift(coarse, original, edited).shift(SIDE, SIDE) == pytest.approx((1.3, -0.7), abs=0.1)


def test_what_is_still_is_not_refined() -> None:
    first, second = rendered()[:2]
    still = PairAlignment.still()
    assert refine_shift(still, first, moved(first, 3, 3)) is still
    away = PairAlignment(np.array([[1, 0, 5], [0, 1, 5]], np.float32))
    refined = refine_shift(away, first, second)  # which are not alike: a fit to something far off is not taken
    assert np.abs(refined.matrix - away.matrix).max() < 2


def test_a_crop_is_found_as_a_scale() -> None:
    for original in all_pictures():
        assert fit_alignment(original, crop(original, 0.02)).scale == pytest.approx(1 / 0.96, abs=0.006)


def test_gains_are_found_beside_an_edit() -> None:
    original = np.clip(rendered()[0], 0, 200).astype(np.uint8)
    toned: Image = scale_levels(original, 1.10, 1.0, 0.95)
    toned[:60, :60] = 255 - toned[:60, :60]
    alignment = fit_alignment(original, toned)
    assert alignment.gain == pytest.approx((1.10, 1.0, 0.95), abs=0.02)
    assert alignment.offset == pytest.approx((0.0, 0.0, 0.0), abs=2.0)


def contrasted(picture: Image, gain: float, offset: float) -> Image:
    return np.asarray(np.clip(picture * gain + offset + 0.5, 0, 255), np.uint8)


BENDS: dict[str, Callable[[Image], Image]] = {
    "clipped highlights": lambda picture: contrasted(picture, 1.2, 0),
    "crushed shadows": lambda picture: contrasted(picture, 1.1, -25),
    "both": lambda picture: contrasted(picture, 1.3, -40),
    "darker, by gain and gamma": lambda picture: (255 * (0.96 * picture / 255) ** 1.1 + 0.5).astype(np.uint8),
    "lighter, by gain and gamma": lambda picture: (255 * (contrasted(picture, 1.1, 0) / 255.0) ** 0.9).astype(np.uint8),
}


@pytest.mark.parametrize("bend", BENDS)
@pytest.mark.parametrize("brightness", [0.4, 1.0])
def test_a_crop_is_found_whatever_befell_the_tone(bend: str, brightness: float) -> None:
    """In dark pictures as well, of which much is crushed."""
    for picture in all_pictures():
        original = scale_levels(picture, brightness)
        edited = compress(BENDS[bend](moved(crop(original, 0.02), 2, -1)), 80)
        alignment = find_changes(original, edited).alignment
        assert alignment.scale == pytest.approx(1 / 0.96, abs=0.006)
        assert alignment.shift(SIDE, SIDE) == pytest.approx((2, -1), abs=0.45)


def test_what_compression_leaves_of_clipped_levels_bends_no_tone() -> None:
    original = np.random.default_rng(0).integers(40, 256, (90, 90, 3), dtype=np.uint8)
    for gain, offset in ((1.2, 0.0), (1.2, -70.0)):
        toned = contrasted(original, gain, offset).astype(np.int16)
        toned += np.random.default_rng(1).integers(-3, 4, toned.shape, dtype=np.int16)
        alignment = fit_alignment(original, np.clip(toned, 0, 255).astype(np.uint8))
        assert alignment.gain == pytest.approx((gain,) * 3, abs=0.01)
        assert alignment.offset == pytest.approx((offset,) * 3, abs=1.5)


def test_a_misfit_is_what_no_curve_explains() -> None:
    one = np.random.default_rng(0).integers(0, 256, 20_000).astype(np.float32)
    bent = np.minimum(255 * (one / 255) ** 0.8 * 1.2, 255).astype(np.float32)
    assert measure_misfit(one, one) == 0
    assert measure_misfit(one, bent) < 0.3
    elsewhere = bent.copy()
    elsewhere[::10] = 255 - elsewhere[::10]  # a tenth of the pixels, each of which counts up to 30
    assert 2 < measure_misfit(one, elsewhere) < 3.3


def test_a_tone_is_undone() -> None:
    """To the rounding, where nothing was clipped."""
    original = np.random.default_rng(0).integers(30, 200, (20, 30, 3), dtype=np.uint8)
    alignment = PairAlignment(IDENTITY, (1.1, 0.9, 1.0), (-10.0, 20.0, 0.0))
    toned = alignment.apply_tone(original)
    assert toned[0, 0].tolist() == np.rint(original[0, 0] * [1.1, 0.9, 1.0] + [-10, 20, 0]).tolist()
    back = alignment.undo_tone(toned)
    assert np.abs(back.astype(int) - original).max() <= 1
    assert np.array_equal(back[..., 2], original[..., 2])


def test_what_a_tone_changes_by_hand() -> None:
    picture = np.full((4, 4, 3), 100, np.uint8)
    assert PairAlignment.still().tone_change(picture) == 0
    # 10 levels more of 100 in the first channel, 5 less in the second, none in the third.
    assert PairAlignment(IDENTITY, (1.1, 1.0, 1.0), (0.0, -5.0, 0.0)).tone_change(picture) == pytest.approx(15 / 3)
    white = np.full((4, 4, 3), 255, np.uint8)
    assert PairAlignment(IDENTITY, (1.1,) * 3).tone_change(white) == 0  # what is clipped does not change
    half = np.concatenate([picture, white])
    assert PairAlignment(IDENTITY, (1.1,) * 3).tone_change(half) == pytest.approx(5)


def test_a_clear_tone_is_more_than_drift_leaves_in_some_channel() -> None:
    picture = np.full((4, 4, 3), 100, np.uint8)
    for gain, clear in {(1.1, 1.1, 1.1): False, (0.8, 0.8, 0.8): True, (1.0, 1.0, 0.8): True}.items():
        assert is_clear_tone(picture, gain, (0.0,) * 3) == clear
    assert not is_clear_tone(np.full((4, 4, 3), 20, np.uint8), (1.4,) * 3, (0.0,) * 3)  # 8 levels, as a gamma may


def test_what_moved_is_put_back() -> None:
    original = rendered()[0]
    alignment = PairAlignment(np.array([[1, 0, 3], [0, 1, 3]], np.float32))
    back = alignment.undo_geometry(shift(original, 3))
    height, width = original.shape[:2]
    seen = alignment.covers(height, width, margin=0)
    assert seen.sum() == (height - 3) * (width - 3)
    assert np.array_equal(back[seen], original[seen])
    assert PairAlignment.still().undo_geometry(original) is original


def test_a_larger_picture_has_the_same_places() -> None:
    """At twice the size, a shift is twice as long, and a scale about the middle stays one."""
    assert PairAlignment.still().resized(2).is_still
    middle = np.array([[1.1, 0, -0.1 * 9.5], [0, 1.1, -0.1 * 9.5]], np.float32)
    larger = PairAlignment(middle).resized(2)
    assert larger.matrix == pytest.approx(np.array([[1.1, 0, -0.1 * 19.5], [0, 1.1, -0.1 * 19.5]]), abs=1e-5)
    shifted = PairAlignment(np.array([[1, 0, 3], [0, 1, -2]], np.float32))
    assert shifted.resized(2).shift(10, 10) == pytest.approx((6, -4))


@pytest.mark.parametrize("shape", [(4, 4), (4, 40), (8, 8), (24, 200), (600, 9)])
def test_pictures_of_any_size_can_be_compared(shape: tuple[int, int]) -> None:
    for seed in range(3):
        original, edited = np.random.default_rng(seed).integers(0, 256, (2, *shape, 3), dtype=np.uint8)
        alignment = find_changes(original, edited).alignment
        assert refine_shift(alignment, original, edited).matrix.shape == (2, 3)
        flat = np.full_like(original, 90)
        for one, other in ((flat, edited), (original, flat), (flat, flat // 2)):
            assert np.isfinite(fit_alignment(shrink(one), shrink(other)).matrix).all()
