"""How two pictures differ: what OpenCV computes, against the plain sums."""

from __future__ import annotations

import math

import numpy as np
import pytest

from editjudge.image.difference import change_map, squared_distance


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (17, 33), (40, 5), (64, 100)])
def test_against_plain_sums(shape: tuple[int, int]) -> None:
    original, edited = np.random.default_rng(0).integers(0, 256, (2, *shape, 3), dtype=np.uint8)
    squares = squared_distance(original, edited)
    np.testing.assert_array_equal(squares, ((original.astype(int) - edited) ** 2).sum(axis=2))


def test_pictures_that_are_views() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    turned = picture[::-1, ::2]
    np.testing.assert_array_equal(
        squared_distance(picture[:, ::2], turned), squared_distance(picture[:, ::2].copy(), turned.copy())
    )


def test_change_map_is_the_distance_per_pixel() -> None:
    original = np.full((100, 100, 3), 100, np.uint8)
    edited = original.copy()
    edited[3, 4] = 100 + 51, 100, 100 - 51
    change = change_map(original, edited)
    assert change.dtype == np.float32
    assert change[3, 4] == pytest.approx(math.sqrt(2 / 3) * 0.2)
    assert np.count_nonzero(change) == 1


def test_change_map_of_an_edit_in_some_rows() -> None:
    """And nothing elsewhere, however many rows lie between."""
    generator = np.random.default_rng(2)
    original = generator.integers(0, 256, (300, 20, 3), dtype=np.uint8)
    edited = original.copy()
    edited[[3, 70, 199, 200, 299]] = generator.integers(0, 256, (5, 20, 3), dtype=np.uint8)
    wanted = np.sqrt(np.square(original.astype(float) - edited).mean(axis=2)) / 255
    np.testing.assert_allclose(change_map(original, edited), wanted, atol=1e-6)
    np.testing.assert_array_equal(squared_distance(original, original), np.zeros((300, 20)))
