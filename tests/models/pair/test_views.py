"""What the network that fuses a pair is fed: whole pictures and places, before and after, and zeros for the rest."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.models.pair.views import DETAIL, PLACES, PairViews, stack_inputs, view_pair

BOX = (100, 80, 160, 140)


def pair() -> tuple[np.ndarray, np.ndarray]:
    original = np.full((240, 320, 3), (90, 120, 150), np.uint8)
    edited = original.copy()
    edited[BOX[1] : BOX[3], BOX[0] : BOX[2]] = (220, 20, 20)
    return original, edited


def test_the_whole_pictures_come_first_then_both_sides_of_a_place() -> None:
    original, edited = pair()
    views = view_pair(original, edited)
    assert views.boxes.dtype == np.float32
    np.testing.assert_array_equal(views.boxes[0], [0, 0, 1, 1])
    np.testing.assert_array_equal(views.before[0], original)
    np.testing.assert_array_equal(views.after[0], edited)
    assert len(views.boxes) == len(views.before) == len(views.after) == 2
    x0, y0, x1, y1 = np.round(views.boxes[1] * (320, 240, 320, 240)).astype(int)
    assert max(x0 - BOX[0], y0 - BOX[1]) <= 0
    assert min(x1 - BOX[2], y1 - BOX[3]) >= 0
    assert views.before[1].shape == views.after[1].shape
    assert (views.before[1] == (90, 120, 150)).all()
    assert (views.after[1] == (220, 20, 20)).all(axis=2).sum() == 60 * 60
    assert [id(picture) for picture in views.all] == [id(picture) for picture in (*views.before, *views.after)]


def test_pictures_that_are_the_same_are_seen_as_wholes_only() -> None:
    original, _ = pair()
    views = view_pair(original, original)
    np.testing.assert_array_equal(views.boxes, [[0, 0, 1, 1]])


def test_inputs_of_edits_with_different_numbers_of_places() -> None:
    """Features are numbered in the order in which pictures are embedded: edit by edit, before and then after."""
    original, edited = pair()
    views = [view_pair(original, original), view_pair(original, edited)]
    features = np.arange(6, dtype=np.float32)[:, None] * (1, 10)
    inputs = stack_inputs(views, features)
    assert inputs.features.shape == (2, PLACES, 2, 2)
    assert inputs.details.shape == (2, PLACES, 2, 3, DETAIL, DETAIL)
    assert all(array.dtype == np.float32 for array in inputs.feeds().values())
    assert list(inputs.feeds()) == ["features", "details", "boxes", "seen"]
    np.testing.assert_array_equal(inputs.features[0, 0, :, 0], [0, 1])
    np.testing.assert_array_equal(inputs.features[1, :2, :, 0], [[2, 4], [3, 5]])
    np.testing.assert_array_equal(inputs.features[1, :2, :, 1], [[20, 40], [30, 50]])
    np.testing.assert_array_equal(inputs.seen, [[1, 0, 0, 0], [1, 1, 0, 0]])
    np.testing.assert_array_equal(inputs.boxes[1, :2], views[1].boxes)
    for array in inputs.feeds().values():
        assert not array[0, 1:].any()
        assert not array[1, 2:].any()


def test_thumbnails_go_from_minus_to_plus_a_half() -> None:
    """Of pictures of one colour, by hand; and a left half that is white stays on the left."""
    black, white = np.zeros((30, 50, 3), np.uint8), np.full((30, 50, 3), 255, np.uint8)
    half = black.copy()
    half[:, :25] = (255, 0, 51)
    whole = np.array([[0, 0, 1, 1]], np.float32)
    inputs = stack_inputs([PairViews((black,), (half,), whole), PairViews((white,), (black,), whole)], np.zeros((4, 3)))
    assert (inputs.details[0, 0, 0] == -0.5).all()
    np.testing.assert_allclose(inputs.details[0, 0, 1, :, :, 0], [[0.5] * 12, [-0.5] * 12, [-0.3] * 12], atol=1e-6)
    assert (inputs.details[0, 0, 1, :, :, -1] == -0.5).all()
    assert (inputs.details[1, 0, 0] == 0.5).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 7), (8, 8), (1, 900), (900, 1), (7, 3000)])
def test_pictures_of_a_few_pixels_and_slivers(size: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    for trial in range(20):
        original = random.integers(0, 256, (*size, 3), np.uint8)
        edited = original.copy()
        edited[trial % size[0], (trial * 37) % size[1]] ^= 255
        views = view_pair(original, edited)
        assert all(picture.size for picture in views.all)
        inputs = stack_inputs([views], np.ones((2 * len(views.boxes), 3), np.float32))
        assert np.isfinite(inputs.details).all()
        assert np.abs(inputs.details).max() <= 0.5
        assert (inputs.boxes >= 0).all()
        assert (inputs.boxes <= 1).all()
