"""Regions that changed, by pixels alone: where they are, of what kind, and what is one move."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from editjudge.metrics.aligned_image import AlignedImage, compare, undo_drift
from editjudge.metrics.dice.difference import CHANGES
from editjudge.metrics.dice.regions.detect import MOST, DetectedRegions, detect_regions
from editjudge.metrics.dice.regions.kind import measure_outline
from editjudge.metrics.dice.regions.pixels import SmallPair
from editjudge.types import Floats, Image
from studio.edits.drifts import DRIFTS
from support.photographs import photographs

SIDE = 256
RED, BLUE, GRAY = (200, 30, 30), (30, 60, 200), (120, 120, 120)
Square = tuple[int, int, int, int]


def textured(seed: int = 0) -> Image:
    """A picture with soft shades, on which nothing stands."""
    coarse = np.random.default_rng(seed).uniform(110, 170, (8, 8, 3)).repeat(32, axis=0).repeat(32, axis=1)
    return np.asarray(coarse, np.uint8)


def paint(picture: Image, box: Square, colour: tuple[int, int, int]) -> Image:
    x0, y0, x1, y1 = box
    painted = picture.copy()
    painted[y0:y1, x0:x1] = colour
    return painted


def align(original: Image, edited: Image) -> AlignedImage:
    return undo_drift(compare(original, edited, whole=False), original, whole=False)


def find(original: Image, edited: Image) -> DetectedRegions:
    return detect_regions(original, align(original, edited))


def kinds(found: DetectedRegions) -> list[str]:
    return [CHANGES[int(region.kinds.argmax())] for region in found.regions]


@pytest.mark.parametrize(
    ("before", "after", "expected"), [(None, RED, "ADD"), (RED, None, "REMOVE"), (RED, BLUE, "EDIT")]
)
def test_one_change_has_its_box_and_its_kind(before: object, after: object, expected: str) -> None:
    box = (60, 80, 120, 130)
    original, edited = (
        textured() if colour is None else paint(textured(), box, colour)  # type: ignore[arg-type]
        for colour in (before, after)
    )
    found = find(original, edited)
    assert kinds(found) == [expected]
    np.testing.assert_allclose(found.regions[0].box, box, atol=2)  # pictures are smoothed before they are compared


def test_changes_apart_are_told_apart_the_strongest_first() -> None:
    small, large = (20, 20, 40, 40), (120, 100, 200, 190)
    found = find(textured(), paint(paint(textured(), small, GRAY), large, RED))
    assert [region.box.tolist() for region in found.regions] == [
        pytest.approx(large, abs=2),
        pytest.approx(small, abs=2),
    ]
    assert found.left_out == 0


def test_what_moved_is_one_move_and_another_thing_is_not() -> None:
    here, there = (30, 40, 80, 100), (150, 140, 200, 200)
    original = paint(textured(), here, RED)
    moved, exchanged = (paint(textured(), there, colour) for colour in (RED, BLUE))
    assert sorted(kinds(find(original, moved))) == ["ADD", "REMOVE"]
    assert find(original, moved).partners == {0: 1, 1: 0}
    assert sorted(kinds(find(original, exchanged))) == ["ADD", "REMOVE"]
    assert find(original, exchanged).partners == {}


def test_of_two_hundred_changes_the_strongest_are_listed_and_the_others_told() -> None:
    original = textured().repeat(2, axis=0).repeat(2, axis=1)
    edited = original
    for index in range(200):
        x, y = 32 + 32 * (index % 15), 32 + 32 * (index // 15)  # as far apart from each other as from the corners
        edited = paint(edited, (x, y, x + 12 + (index % 3), y + 12), RED)
    found = find(original, edited)
    assert (len(found.regions), found.left_out) == (MOST, 200 - MOST)
    energies = [region.energy for region in found.regions]
    assert energies == sorted(energies, reverse=True)


def test_an_edit_that_covers_everything_is_one_region() -> None:
    photograph = photographs()[0]
    found = find(photograph, 255 - photograph)
    height, width = found.height, found.width
    assert [region.box.tolist() for region in found.regions] == [[0, 0, width, height]]


@pytest.mark.parametrize("colour", [0, 255])
def test_a_picture_that_became_plain_changed_as_a_whole(colour: int) -> None:
    photograph = photographs()[0]
    found = find(photograph, np.full_like(photograph, colour))
    assert [region.box.tolist() for region in found.regions] == [[0, 0, found.width, found.height]]


def test_another_picture_has_no_list_of_edits() -> None:
    one, other = photographs()[:2]
    assert align(one, other).changes.kind == "other_picture"
    assert find(one, other).regions == ()


@pytest.mark.parametrize("side", [1, 8, 9])
def test_tiny_pictures_have_what_can_be_seen_in_them(side: int) -> None:
    black, white = np.zeros((side, side, 3), np.uint8), np.full((side, side, 3), 255, np.uint8)
    assert find(black, black).regions == ()
    for region in find(black, white).regions:
        assert region.box.min() >= 0
        assert region.box.max() <= side


@pytest.mark.parametrize("drift", DRIFTS)
def test_what_is_no_edit_has_no_difference(drift: str) -> None:
    for photograph in photographs()[:3]:
        assert find(photograph, DRIFTS[drift](photograph)).regions == ()


def test_an_outline_is_what_lies_between_both_sides_of_a_mask() -> None:
    mask = np.zeros((40, 40), bool)
    mask[:, 20:] = True
    picture: Floats = np.zeros((40, 40, 3), np.float32)
    assert measure_outline(picture, mask) == 0
    picture[:, 20:, 0] = 50  # lightness alone, of all that the mask covers
    assert measure_outline(picture, mask) == pytest.approx(50, abs=1e-3)
    picture[..., 0] = 50
    assert measure_outline(picture, mask) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(("right", "gain"), [(0.0, 1.0), (3.0, 1.0), (0.0, 1.15), (3.0, 0.85)])
def test_small_pictures_that_were_kept_are_those_of_the_aligned_ones(right: float, gain: float) -> None:
    """And not those that were handed in, where something was undone."""
    original = np.asarray(cv2.resize(photographs()[0], (600, 450)), np.uint8)
    moved = cv2.warpAffine(paint(original, (100, 80, 260, 220), RED), np.array([[1, 0, right], [0, 1, 0]]), (600, 450))
    aligned = align(original, np.clip(np.asarray(moved) * gain, 0, 255).astype(np.uint8))
    assert (aligned.picture is aligned.as_given) == (right == 0 and gain == 1)
    pair = SmallPair.of(original, aligned)
    again = SmallPair.of(original, replace(aligned, changes=replace(aligned.changes, small=None)))
    for name, picture in (("original", original), ("edited", aligned.picture)):
        small = cv2.resize(picture, (256, 192), interpolation=cv2.INTER_AREA)
        np.testing.assert_array_equal(getattr(pair, name), small)
        np.testing.assert_array_equal(getattr(again, name), small)
