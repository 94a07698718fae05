"""An edited picture in the place and tone of its original: what was undone, what is told of it, what is left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from editjudge.image.alignment import TONED
from editjudge.metrics.aligned_image import AlignedImage, compare, undo_drift
from editjudge.metrics.bpm.metric import RULES
from editjudge.metrics.task import EditTask
from editjudge.types import EditIntent, Image
from studio.edits.drifts import compress, crop, scale_levels, shift
from support.groundings import detections_at
from support.photographs import SIDE, add_noise, all_pictures, inverted, photographs, rendered, well_done

COLOR = EditIntent("color", "car", "blue car")
STYLE = EditIntent("style", "all", "night")


def aligned(original: Image, edited: Image, whole: bool = False) -> AlignedImage:
    return undo_drift(compare(original, edited, whole), original, whole)


def distance(one: Image, other: Image, where: np.ndarray | None = None) -> float:
    """The mean difference in levels."""
    gap = np.abs(one.astype(int) - other)
    return float(gap.mean() if where is None else gap[where].mean())


def test_what_was_shifted_is_put_back_and_flagged() -> None:
    for original in all_pictures():
        edited = shift(original, 2)
        result = aligned(original, edited)
        assert result.flags == ("shifted",)
        assert result.seen is not None
        assert distance(result.picture, original, result.seen) < 0.5 < distance(edited, original)
        assert result.as_given is edited
        assert result.tone == 0
        assert not result.seen[-1].any()  # nothing is known of what moved out of the picture


def test_what_was_cropped_is_put_back_and_flagged() -> None:
    for original in all_pictures():
        edited = crop(original, 0.02)
        result = aligned(original, edited)
        assert result.flags == ("cropped",)
        assert result.seen is not None
        assert distance(result.picture, original, result.seen) < 0.3 * distance(edited, original)
        assert 0.9 < result.seen.mean() < 0.96  # 4 % of each side are gone: 0.96 ** 2 is 0.92


@pytest.mark.parametrize("factors", [(1.1,), (0.9,), (1.04, 1.0, 0.96)])
def test_a_tone_is_taken_away_and_flagged(factors: tuple[float, ...]) -> None:
    for original in rendered():
        edited = scale_levels(original, *factors)
        result = aligned(original, edited)
        assert result.flags == ("tone_changed",)
        assert result.seen is None
        assert distance(result.picture, original) < 0.6 * distance(edited, original)
        assert result.tone == pytest.approx(distance(edited, original) / 255, rel=0.25)


def test_several_at_once() -> None:
    for original in all_pictures():
        result = aligned(original, scale_levels(shift(original, 1), 1.08))
        assert result.flags == ("shifted", "tone_changed")


def test_compression_and_noise_are_neither_shift_nor_tone() -> None:
    for original in all_pictures():
        for edited in (compress(original, 60), add_noise(original, 4), original.copy()):
            result = aligned(original, edited)
            assert result.flags == ()
            assert np.array_equal(result.picture, edited)
            assert (result.seen, result.tone) == (None, 0.0)


def test_an_edit_stays_and_its_drift_goes() -> None:
    for original, edited in zip(rendered(), well_done(), strict=True):
        drifted = scale_levels(shift(edited, 2), 1.08)
        result = aligned(original, drifted)
        assert result.changes.kind == "edit"
        assert set(result.flags) == {"shifted", "tone_changed"}
        assert distance(result.picture, edited, result.seen) < 0.6 * distance(drifted, edited)


def test_another_picture_is_left_as_it_is() -> None:
    pictures = all_pictures()
    for original, other in zip(pictures, (*pictures[1:], pictures[0]), strict=True):
        result = aligned(original, other)
        assert result.changes.kind == "other_picture"
        assert result.picture is result.as_given is other
        assert result.changes.alignment.is_still
        assert (result.flags, result.seen, result.tone) == ((), None, 0.0)


def test_where_the_whole_was_to_change_its_tone_is_no_drift() -> None:
    for original in photographs():
        darker = scale_levels(original, 0.6)
        result = aligned(original, darker, whole=True)
        assert result.changes.kind == "edit"
        assert np.array_equal(result.picture, darker)
        assert "tone_changed" not in result.flags
        slight = aligned(original, scale_levels(original, 1.05), whole=True)
        assert (slight.changes.kind, slight.flags) == ("unchanged", ("tone_changed",))


def test_a_change_of_tone_that_compression_may_leave_is_not_told() -> None:
    gray = np.full((64, 64, 3), 100, np.uint8)
    gray[:, ::2] = 140
    assert aligned(gray, gray + np.uint8(TONED - 1)).flags == ()
    assert aligned(gray, gray + np.uint8(TONED + 1)).flags == ("tone_changed",)


def test_a_task_aligns_pictures_of_any_size_and_the_released_rules_do_not() -> None:
    original = photographs()[0]
    task = EditTask.of(original, [COLOR], RULES[None])
    half = np.asarray(cv2.resize(original, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA), np.uint8)
    assert task.align(half).flags == ("resized",)
    assert task.align(half).changes.kind == "unchanged"
    assert "aspect_changed" in task.align(half[:, : SIDE // 4]).flags
    released = EditTask.of(original, [COLOR], RULES["released"]).align(shift(original, 2))
    assert (released.flags, released.seen, released.tone) == ((), None, 0.0)
    assert released.picture is released.as_given


def test_a_border_round_both_is_left_out() -> None:
    original = photographs()[0]
    framed = np.full((SIDE + 32, SIDE + 32, 3), 255, np.uint8)
    framed[16:-16, 16:-16] = original
    task = EditTask.of(framed, [COLOR], RULES[None])
    assert np.array_equal(task.picture, original)
    edited = framed.copy()
    edited[16:-16, 16:-16] = inverted(original, 100, 100, 60)
    result = task.align(edited)
    assert result.changes.kind == "edit"
    assert result.flags == ()
    (found,) = task.report_boxes(detections_at((0, 0, 10, 20)))
    assert found.box == (16, 16, 26, 36)  # in pixels of the original as it was handed in


def test_nothing_is_written_to_what_was_handed_in() -> None:
    original, edited = photographs()[0].copy(), scale_levels(shift(photographs()[0], 2), 1.08)
    before = original.copy(), edited.copy()
    aligned(original, edited)
    assert np.array_equal(original, before[0])
    assert np.array_equal(edited, before[1])
