"""What happened to a picture: where it changed, and whether that is an edit, noise, nothing, or another picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.drift.align import PairAlignment, edge_strength, fit_alignment, shrink
from editjudge.types import Image

ChangeKind = Literal["edit", "unchanged", "noise", "other_picture"]

LEAST, MOST = 6.0, 14.0
"""Units of CIE Lab between which the threshold of a changed pixel lies."""
SPREADS = 6.0  # median absolute deviations over the median from which a pixel counts as changed
ENERGY = 900.0
"""The sum of the differences, in units of Lab at SIDE, from which a place is an edit: JPEG at 50 leaves up to 540."""
SMEARED = 0.5
"""How much of the step to a neighbouring pixel compression may leave beside an edge; another scale twice as much."""
ALIKE = 0.2
"""The correlation of the edges under which two pictures have nothing in common; true edits were seen down to 0.25."""
NOISY = 5.0
"""The standard deviation of noise, in levels, from which it is told."""


@dataclass(frozen=True)
class Changes:
    """What happened to a picture, as far as pixels tell.

    Attributes:
        kind: edit; unchanged, but for drift and compression; noise; other_picture.
        alignment: How the edited picture lies to the original, in pixels of the pictures as they were handed in.
        share: Of the picture's pixels that changed.
    """

    kind: ChangeKind
    alignment: PairAlignment
    share: float


def find_changes(original: Image, edited: Image) -> Changes:
    """Compares two pictures uint8[H, W, 3] of one size."""
    one, other = shrink(original), shrink(edited)
    alignment = fit_alignment(one, other)
    other = alignment.undo(other)
    gap = _colour_gap(one, other, alignment)
    sample = gap[::2, ::2]
    middle = float(np.median(sample))
    threshold = min(max(middle + SPREADS * float(np.median(np.abs(sample - middle))), LEAST), MOST)
    count, labels = cv2.connectedComponents((gap > threshold).astype(np.uint8), connectivity=8)
    strong = np.bincount(labels[gap > 2 * threshold], minlength=count) > 0
    energy = np.bincount(labels.ravel(), weights=gap.ravel(), minlength=count) * strong
    energy[0] = 0.0
    changed = energy > ENERGY
    share = float(np.bincount(labels.ravel(), minlength=count)[changed].sum()) / gap.size
    factor = max(original.shape[:2]) / max(one.shape[:2])
    kind = _classify(one, other, bool(changed.any()))
    return Changes(kind, alignment.resized(factor), share)


def _colour_gap(original: Image, edited: Image, alignment: PairAlignment) -> NDArray[np.float32]:
    """float32[H, W]: the distance in CIE Lab of smoothed pictures in one place; 0 where one of them shows nothing."""
    smooth = [cv2.GaussianBlur(picture, (0, 0), 0.8) for picture in (original, edited)]
    toned = alignment.apply_tone(np.asarray(smooth[0], np.float32)), np.asarray(smooth[1], np.float32)
    first, second = (cv2.cvtColor(picture * np.float32(1 / 255), cv2.COLOR_RGB2LAB) for picture in toned)
    gap = np.sqrt(np.square(first - second).sum(axis=2))
    if not alignment.is_still:
        gap[~alignment.covers(gap.shape[0], gap.shape[1], margin=2.5)] = 0
        border = np.ones(gap.shape, bool)
        border[2:-2, 2:-2] = False
        gap[border] = 0
    # Compression and resampling smear what stands beside an edge over it.
    steps = sum(np.square(cv2.Sobel(first, cv2.CV_32F, *along, scale=1 / 8)).sum(axis=2) for along in ((1, 0), (0, 1)))
    smear = SMEARED if alignment.scale == 1.0 else 2 * SMEARED
    gap = np.maximum(gap - smear * cv2.dilate(np.sqrt(steps), np.ones((3, 3), np.uint8)), 0)
    return np.asarray(gap, np.float32)


def _classify(original: Image, edited: Image, changed: bool) -> ChangeKind:
    grays = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (original, edited)]
    added = _noise(grays[1]) - _noise(grays[0])
    smooth = [cv2.GaussianBlur(gray, (0, 0), 2.0) for gray in grays] if added > NOISY else grays
    first, second = (edge_strength(np.asarray(gray, np.float32)) for gray in smooth)
    alike = _correlate(first - first.mean(), second - second.mean())
    if changed and alike < ALIKE:
        return "other_picture"
    if added > NOISY and not changed:
        return "noise"
    return "edit" if changed else "unchanged"


def _correlate(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """-1 to 1, of values about their means; 1 where one of them does not vary."""
    spread = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(np.vdot(one, other)) / spread if spread else 1.0


def _noise(gray: NDArray[np.float32]) -> float:
    """The standard deviation of noise in levels (Immerkaer 1996), from a median that edges do not reach."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    return float(np.median(np.abs(cv2.filter2D(gray, cv2.CV_32F, kernel)[1:-1, 1:-1]))) / 0.6745 / 6
