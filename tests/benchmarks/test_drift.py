"""What is told from pixels alone, on the pictures of the demo, drifted as the benchmark drifts them."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.drift.align import IDENTITY, PairAlignment, fit_alignment
from benchmarks.drift.changes import find_changes
from benchmarks.drift.drifts import DRIFTS, crop, scale_levels, shift
from benchmarks.drift.measure import invert_square
from editjudge.image.decode import load_image
from editjudge.types import Image

DEMO = Path(str(files("editjudge_models"))) / "demo"
INPUTS = tomllib.loads((DEMO / "demo.toml").read_text(encoding="utf-8"))["input"]
ORIGINALS = [load_image(DEMO / entry["original"]) for entry in INPUTS]


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_drift_is_no_edit(drift: str) -> None:
    kinds = [find_changes(original, DRIFTS[drift](original)).kind for original in ORIGINALS]
    assert kinds == ["unchanged"] * len(ORIGINALS)


def test_true_edits_are_edits() -> None:
    for entry, original in zip(INPUTS, ORIGINALS, strict=True):
        files_by_label = {candidate["label"]: candidate["file"] for candidate in entry["candidate"]}
        assert find_changes(original, load_image(DEMO / files_by_label["well done"])).kind == "edit"


def test_a_small_square_is_an_edit_and_where_it_was_it_is_counted() -> None:
    original = ORIGINALS[0]
    changes = find_changes(original, invert_square(original, np.random.default_rng(1)))
    assert changes.kind == "edit"
    assert 0 < changes.share < 0.01


def test_another_picture_and_noise() -> None:
    first, second = ORIGINALS[:2]
    other = np.asarray(cv2.resize(second, first.shape[1::-1]), np.uint8)
    assert find_changes(first, other).kind == "other_picture"
    noise = np.random.default_rng(0).normal(0, 25, first.shape)
    assert find_changes(first, np.clip(first + noise, 0, 255).astype(np.uint8)).kind == "noise"


@pytest.mark.parametrize("pixels", [1, 2, 5])
def test_a_shift_is_found(pixels: int) -> None:
    """To less than half a pixel, though the pictures are compared at half their size."""
    for original in ORIGINALS:
        height, width = original.shape[:2]
        alignment = find_changes(original, shift(original, pixels)).alignment
        assert alignment.shift(height, width) == pytest.approx((pixels, pixels), abs=0.45)


def test_a_crop_is_found_as_a_scale() -> None:
    for original in ORIGINALS:
        assert fit_alignment(original, crop(original, 0.02)).scale == pytest.approx(1 / 0.96, abs=0.006)


def test_gains_are_found_beside_an_edit() -> None:
    original = np.clip(ORIGINALS[0], 0, 200).astype(np.uint8)
    toned: Image = scale_levels(original, 1.10, 1.0, 0.95)
    toned[:60, :60] = 255 - toned[:60, :60]
    alignment = fit_alignment(original, toned)
    assert alignment.gain == pytest.approx((1.10, 1.0, 0.95), abs=0.02)
    assert alignment.offset == pytest.approx((0.0, 0.0, 0.0), abs=2.0)


def test_what_moved_is_put_back() -> None:
    original = ORIGINALS[0]
    alignment = PairAlignment(np.array([[1, 0, 3], [0, 1, 3]], np.float32))
    back = alignment.undo(shift(original, 3))
    height, width = original.shape[:2]
    seen = alignment.covers(height, width, margin=0)
    assert seen.sum() == (height - 3) * (width - 3)
    assert np.array_equal(back[seen], original[seen])


def test_a_larger_picture_has_the_same_places() -> None:
    """At twice the size, a shift is twice as long, and a scale about the middle stays one."""
    assert PairAlignment(IDENTITY).resized(2).is_still
    middle = np.array([[1.1, 0, -0.1 * 9.5], [0, 1.1, -0.1 * 9.5]], np.float32)
    larger = PairAlignment(middle).resized(2)
    assert larger.matrix == pytest.approx(np.array([[1.1, 0, -0.1 * 19.5], [0, 1.1, -0.1 * 19.5]]), abs=1e-5)
    shifted = PairAlignment(np.array([[1, 0, 3], [0, 1, -2]], np.float32))
    assert shifted.resized(2).shift(10, 10) == pytest.approx((6, -4))
