"""What OpenCV computes of two pictures, against the plain sums."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.difference import block_means, squared_distance


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (17, 33), (40, 5), (64, 100)])
def test_against_plain_sums(shape: tuple[int, int]) -> None:
    original, edited = np.random.default_rng(0).integers(0, 256, (2, *shape, 3), dtype=np.uint8)
    squares = squared_distance(original, edited)
    np.testing.assert_array_equal(squares, ((original.astype(int) - edited) ** 2).sum(axis=2))
    for values in (original, squares):
        wanted = [
            [values[top : top + 16, left : left + 16].mean(axis=(0, 1), dtype=float) for left in range(0, shape[1], 16)]
            for top in range(0, shape[0], 16)
        ]
        np.testing.assert_allclose(block_means(values, 16), wanted, rtol=1e-12)


def test_pictures_that_are_views() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    turned = picture[::-1, ::2]
    np.testing.assert_array_equal(
        squared_distance(picture[:, ::2], turned), squared_distance(picture[:, ::2].copy(), turned.copy())
    )
