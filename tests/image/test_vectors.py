"""Vectors brought to length 1, whatever their size."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.image.vectors import to_unit_length


@pytest.mark.parametrize("size", [1e-44, 1e-30, 1e-3, 1.0, 1e4, 1e30])
def test_a_vector_has_length_1_whatever_its_size(size: float) -> None:
    units = to_unit_length(np.array([[size, 0], [-size, size]], np.float32))
    assert units.dtype == np.float32
    np.testing.assert_allclose(units, [[1, 0], [-np.sqrt(0.5), np.sqrt(0.5)]], atol=1e-6)


def test_nothing_stays_nothing() -> None:
    np.testing.assert_array_equal(to_unit_length(np.zeros((2, 3), np.float32)), np.zeros((2, 3)))


def test_of_half_precision() -> None:
    units = to_unit_length(np.array([[60_000, 60_000]], np.float16))
    assert units.dtype == np.float32
    np.testing.assert_allclose(units, [[np.sqrt(0.5)] * 2], atol=1e-6)
