"""What a smooth change of colours explains of an edited picture: weights against NumPy's, predictions by hand."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.image.recolour import explained_share, fit_weights, predict_recolouring

ROWS, TERMS, CHANNELS = 3_000, 10, 3


@pytest.fixture
def colours(rng: np.random.Generator) -> np.ndarray:
    """uint8[48, 64, 3], of all kinds."""
    return rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_weights_are_those_of_least_squares(rng: np.random.Generator) -> None:
    terms = rng.random((ROWS, TERMS), dtype=np.float32)
    wanted = (255 * rng.random((ROWS, CHANNELS))).astype(np.float32)
    expected = np.linalg.lstsq(terms.astype(np.float64), wanted.astype(np.float64), rcond=None)[0]
    np.testing.assert_allclose(fit_weights(terms, wanted), expected, rtol=1e-4, atol=1e-3)


def test_of_terms_that_depend_on_each_other_the_weights_are_the_smallest(rng: np.random.Generator) -> None:
    """A third of them, and nothing for one that is always 0."""
    gray = rng.random((ROWS, 1), dtype=np.float32)
    terms = np.hstack([gray, gray, gray, np.zeros_like(gray)])
    expected = np.array([[20.0], [20.0], [20.0], [0.0]])
    np.testing.assert_allclose(fit_weights(terms, 60 * gray), expected, rtol=1e-5, atol=1e-5)


def test_what_hardly_differs_is_no_term_of_its_own(rng: np.random.Generator) -> None:
    """Weights that would be as large as its rounding is small are not taken."""
    gray = rng.random((ROWS, 1)).astype(np.float32)
    noise = np.float32(1e-6) * rng.standard_normal((ROWS, 1)).astype(np.float32)
    found = fit_weights(np.hstack([gray, gray + noise]), gray + 10 * noise)
    assert np.abs(found).max() < 1


def test_a_darker_bluer_picture_is_predicted(colours: np.ndarray) -> None:
    edited = np.rint(colours * np.array([0.3, 0.4, 0.6]) + np.array([0, 0, 30])).astype(np.uint8)
    predicted, seen = predict_recolouring(colours, edited)
    assert np.abs(predicted.astype(int) - edited).max() <= 1
    np.testing.assert_array_equal(seen, edited)
    assert explained_share(predicted, seen) > 0.999


def test_a_gray_picture_is_predicted(colours: np.ndarray) -> None:
    """Its channels are one term, three times."""
    gray = np.repeat(colours[:, :, :1], 3, axis=2)
    predicted, _ = predict_recolouring(gray, 255 - gray)
    assert np.abs(predicted.astype(int) - (255 - gray)).max() <= 1


def test_a_picture_of_one_colour_is_predicted() -> None:
    flat = np.full((48, 64, 3), 40, np.uint8)
    predicted, _ = predict_recolouring(flat, flat + 100)
    np.testing.assert_array_equal(predicted, flat + 100)


def test_what_was_put_into_it_is_not_followed(colours: np.ndarray) -> None:
    edited = (colours // 2).astype(np.uint8)
    edited[:12, :20] = (255, 0, 255)
    predicted, _ = predict_recolouring(colours, edited)
    assert np.abs(predicted.astype(int) - colours // 2).max() <= 1
