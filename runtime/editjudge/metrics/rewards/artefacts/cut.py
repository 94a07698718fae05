"""Cut-off things: a straight upright or level border along which a thing ends that has no such border."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView
from editjudge.metrics.rewards.artefacts.view.vectors import measure_length, turn
from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

STEP = 6.0
"""Units of CIE Lab by which the pictures differ more on one side of a border than on the other."""
SHARP = 0.5
"""The share of a step over four pixels, at half the picture's size, that the two in the middle have of a sharp one."""
KEPT = 4.0
"""Units of Lab up to which what lies beyond a border is as it was."""
ALTERED = 0.6
"""How much a pixel of a border counts where that is not so: what is new may well have straight borders of its own."""
MISSING = 0.4
"""What a pixel costs in which a border is not to be seen."""
ALONG = 5
"""Pixels along a border over which the difference is averaged, as noise has borders everywhere."""
SHORTEST = 6.0
"""Pixels, at half the picture's size: what is shorter may be anything."""
WORST = 3.0
"""As bad as it gets."""
CHANGED = 5.0
"""Units of Lab from which a pixel belongs to a thing that changed."""
PLAIN = 0.2
"""The length of a border, as a share of the picture's longest side, that is plainly seen where it is twice as long as
the ends of a round thing of the same area look straight."""


def measure_cut(view: ArtefactView) -> FoundArtefact:
    before, gap = view.original.small, view.gap
    turned = turn(before), turn(gap)
    upright, level = _find_longest(before, gap), _find_longest(*turned)
    length, end, place = max(upright, level)
    if length < SHORTEST:
        return FoundArtefact(0.0)
    start = max(0, end - int(length))
    area = _measure_area(gap if upright >= level else turned[1], np.s_[start : end + 1, max(0, place - 1) : place + 3])
    straight = 2 * np.sqrt(2 * np.sqrt(area / np.pi))  # the ends of a round thing, to one pixel
    height, width = gap.shape[:2]
    severity = min(WORST, max(0.0, length / straight - 1) * length / max(height, width) / PLAIN)
    box = (place, start, place + 2, end + 1) if upright >= level else (start, place, end + 1, place + 2)
    return FoundArtefact(float(severity), (box[0] / width, box[1] / height, box[2] / width, box[3] / height))


def _find_longest(before: Floats, gap: Floats) -> tuple[float, int, int]:
    """The longest upright border: its pixels, where it ends, and its column."""
    if gap.shape[1] < 8:
        return 0.0, 0, 0
    gap = np.asarray(cv2.blur(gap, (1, ALONG)), np.float32)
    step, wide, outline = (
        measure_length(one)
        for one in (
            cv2.subtract(gap[:, 2:-1], gap[:, 1:-2]),
            cv2.subtract(gap[:, 3:], gap[:, :-3]),
            cv2.subtract(before[:, 3:], before[:, :-3]),
        )
    )
    border = (step > STEP) & (step > SHARP * wide) & (outline < SHARP * wide)
    border[:, :2] = border[:, -2:] = False
    columns = np.flatnonzero(border.sum(axis=0, dtype=np.int32) >= SHORTEST)
    if not columns.size:
        return 0.0, 0, 0
    length = measure_length(gap)
    is_kept = np.minimum(length[:, columns], length[:, columns + 3]) < KEPT
    weights = np.where(border[:, columns], np.where(is_kept, np.float32(1), np.float32(ALTERED)), np.float32(-MISSING))
    sums = np.cumsum(weights, axis=0, dtype=np.float32)
    runs = sums - np.minimum.accumulate(np.minimum(sums, 0), axis=0)
    end, best = divmod(int(runs.argmax()), runs.shape[1])
    return float(runs[end, best]), end, int(columns[best]) + 1


def _measure_area(gap: Floats, border: tuple[slice, slice]) -> int:
    """The pixels of the changed thing that a border is of."""
    changed = (measure_length(cv2.blur(gap, (3, 3))) > CHANGED).astype(np.uint8)
    _, labels = cv2.connectedComponents(changed, connectivity=8)
    counts: NDArray[np.int64] = np.bincount(labels[border].ravel(), minlength=2)
    counts[0] = 0
    return max(1, int(np.count_nonzero(labels == counts.argmax()))) if counts.any() else 1


CUT = Artefact("cut", "something cut off by a straight edge", measure_cut)
