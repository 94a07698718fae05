"""What happened to a picture, told by its pixels alone: on the pictures of the demo and on photographs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from editjudge.image.alignment import PairAlignment
from editjudge.image.changes import Changes, find_changes
from editjudge.types import CHANGE_KINDS, Image
from studio.edits.drifts import DRIFTS, compress, scale_levels, shift
from support.photographs import SIDE, add_noise, all_pictures, inverted, photographs, rendered, well_done

SQUARE = 16
VISIBLE = 40
"""The change of its mean, in levels, from which a square of 16 pixels stands out: in middle gray, inverting changes
little, and across an edge in middle gray one half gets lighter by what the other gets darker."""


def kinds(pictures: tuple[Image, ...], *others: Image) -> list[str]:
    return [find_changes(one, other).kind for one, other in zip(pictures, others, strict=True)]


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_drift_is_no_edit(drift: str) -> None:
    pictures = all_pictures()
    assert kinds(pictures, *map(DRIFTS[drift], pictures)) == ["unchanged"] * len(pictures)
    whole = [find_changes(picture, DRIFTS[drift](picture), whole=True).kind for picture in pictures]
    assert whole == ["unchanged"] * len(pictures)


def blurred(picture: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.7), np.uint8)


HARMLESS = {
    "the same": lambda picture: picture.copy(),
    "JPEG at 50": lambda picture: compress(picture, 50),
    "blur of 0.7 px": blurred,
    "grain of 10 levels": lambda picture: add_noise(picture, 10),
}


@pytest.mark.parametrize("change", HARMLESS)
def test_compression_blur_and_grain_are_no_edit(change: str) -> None:
    for picture in all_pictures():
        changes = find_changes(picture, HARMLESS[change](picture))
        assert changes.kind in ("unchanged", "noise")
        assert changes.share == 0


def test_true_edits_are_edits() -> None:
    assert kinds(rendered(), *well_done()) == ["edit"] * len(rendered())


def test_what_is_edited_is_an_edit_whatever_its_drift() -> None:
    for drift in DRIFTS.values():
        assert kinds(rendered(), *map(drift, well_done())) == ["edit"] * len(rendered())


def test_a_small_square_that_can_be_seen_is_an_edit_and_where_it_was_it_is_counted() -> None:
    rng, seen = np.random.default_rng(1), 0
    for picture in all_pictures():
        for top, left in rng.integers(0, SIDE - SQUARE, (30, 2)).tolist():
            edited = inverted(picture, top, left, SQUARE)
            gap = (edited.astype(int) - picture)[top : top + SQUARE, left : left + SQUARE]
            if np.abs(gap.mean(axis=(0, 1))).mean() < VISIBLE:
                continue
            seen += 1
            changes = find_changes(picture, edited)
            assert changes.kind == "edit"
            assert 0 < changes.share < 0.01
            rows, columns = np.nonzero(changes.resize_mask(SIDE, SIDE))
            assert top - 8 <= rows.min() <= rows.max() < top + SQUARE + 8
            assert left - 8 <= columns.min() <= columns.max() < left + SQUARE + 8
    assert seen > 100


def test_another_picture() -> None:
    pictures = all_pictures()
    assert kinds(pictures, *pictures[1:], pictures[0]) == ["other_picture"] * len(pictures)


def test_much_noise_is_told_and_how_much_of_it() -> None:
    for picture in all_pictures():
        changes = find_changes(picture, add_noise(picture, 25))
        assert (changes.kind, changes.share) == ("noise", 0)
        assert changes.noise > 5


def test_noise_does_not_hide_an_edit() -> None:
    assert kinds(rendered(), *(add_noise(picture, 25) for picture in well_done())) == ["edit"] * len(rendered())


@pytest.mark.parametrize("factors", [(0.6,), (0.75,), (1.2, 1.0, 0.75)])
def test_where_the_whole_was_to_change_a_clear_tone_is_an_edit(factors: tuple[float, ...]) -> None:
    for picture in all_pictures():
        toned = scale_levels(picture, *factors)
        changes = find_changes(picture, toned, whole=True)
        assert changes.kind == "edit"
        assert changes.share > 0.9


def test_in_a_picture_of_another_tone_what_changed_otherwise_is_a_spot() -> None:
    for picture in all_pictures():
        toned = scale_levels(picture, 0.6)
        clean, spotted = toned, toned.copy()
        spotted[200:300, 100:200] = (250, 40, 200)
        spots = [find_changes(picture, edited, whole=True).spots for edited in (clean, spotted)]
        assert spots[0] is not None
        assert spots[1] is not None
        assert spots[0].mean() < 0.005
        assert 0.5 < spots[1].mean() / (100 / SIDE) ** 2 < 2  # they are looked for in small pictures
        assert find_changes(picture, spotted).spots is None


def test_where_an_object_was_to_change_it_is_drift() -> None:
    for picture in photographs():
        assert find_changes(picture, scale_levels(picture, 0.85)).kind == "unchanged"


def test_a_tone_beside_an_edit_leaves_it_one() -> None:
    for picture in all_pictures():
        edited = scale_levels(inverted(picture, 300, 100, 60), 1.08)
        changes = find_changes(picture, edited)
        assert changes.kind == "edit"
        assert changes.share < 0.05


def test_two_pictures_of_one_colour() -> None:
    gray, white = (np.full((64, 64, 3), level, np.uint8) for level in (90, 255))
    assert find_changes(gray, gray.copy()).kind == "unchanged"
    assert find_changes(gray, gray + np.uint8(3)).kind == "unchanged"
    assert find_changes(gray, shift(gray, 2)).kind == "unchanged"
    dot = gray.copy()
    dot[20:40, 20:40] = 200
    assert find_changes(gray, dot).kind == "edit"
    assert find_changes(white, white.copy()).share == 0


def test_a_mask_at_another_size() -> None:
    mask = np.array([[True, False], [False, False]])
    resized = Changes("edit", PairAlignment.still(), mask).resize_mask(4, 6)
    assert resized.shape == (4, 6)
    assert resized[:2, :3].all()
    assert resized.sum() == 6


def test_the_kinds_are_in_the_order_of_ranking() -> None:
    assert CHANGE_KINDS == ("edit", "unchanged", "noise", "other_picture")
