"""Where two pictures differ most, in one to two milliseconds: which places of an edit are looked at closely.

This is no judgement of what changed (`metrics.dice` is): a place that is missed is still seen in the whole pictures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.types import Boxes, Floats, Image
from editjudge.utils.libraries.opencv import cv2

SIDE = 96
"""Pixels of the longest side at which pictures are compared: noise and compression are averaged away."""
MOST = 3
"""Places of a pair: both ends of a move, and something besides."""
LEAST, HIGHEST = 0.05, 0.12
"""The levels, of 1, between which the threshold of a changed pixel lies."""
SPREADS = 8.0
"""How often the least change lies between the tenth and the quarter that changed least over the former."""
SMEARED = 0.6
"""How much of the step to a neighbouring pixel a shift or compression may leave beside an edge."""
SLIGHT = 0.08
"""The share of the strongest place's change under which another is not looked at."""
FAINT = 0.6
"""The summed change, in levels of 1, under which no place is looked at."""
WHOLE = 0.5
"""The share of a picture from which it is the whole of it that changed."""
MARGIN = 1.3
"""How many times as long as a place its window is, to show what stands around it."""
SMALLEST = 0.12
"""The share of the picture's longest side that a window has at least."""


def find_places(original: Image, edited: Image) -> Boxes:
    """Square windows of where two pictures uint8[H, W, 3] of one size differ, the strongest first.

    float32[N, 4] in pixels, N at most MOST; a window is less than square where the picture ends. None where nothing
    differs, and where most of the picture does: then the whole pictures say it all.
    """
    height, width = original.shape[:2]
    gap = _measure_gap(original, edited)
    changed = cv2.morphologyEx((gap > _choose_threshold(gap)).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3)))
    if changed.mean() > WHOLE:
        return np.zeros((0, 4), np.float32)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(changed, connectivity=8)
    energy = np.bincount(labels.ravel(), weights=gap.ravel(), minlength=count)
    energy[0] = 0.0  # what did not change
    strongest = np.argsort(-energy, kind="stable")[:MOST]
    strongest = strongest[energy[strongest] >= max(FAINT, SLIGHT * float(energy.max()))]
    left, top = stats[strongest, cv2.CC_STAT_LEFT], stats[strongest, cv2.CC_STAT_TOP]
    right, bottom = left + stats[strongest, cv2.CC_STAT_WIDTH], top + stats[strongest, cv2.CC_STAT_HEIGHT]
    scale = np.array([width / gap.shape[1], height / gap.shape[0]] * 2)
    boxes = np.stack([left, top, right, bottom], axis=1) * scale
    return np.array([_frame(box, height, width) for box in boxes], np.float32).reshape(-1, 4)


def _frame(box: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """The square window about a box, moved into the picture."""
    size = np.array([width, height], np.float64)
    side = np.minimum(max(MARGIN * float(max(box[2:] - box[:2])), SMALLEST * float(size.max())), size)
    corner = np.clip((box[:2] + box[2:] - side) / 2, 0, size - side)
    return np.concatenate([corner, corner + side])


def _choose_threshold(gap: Floats) -> float:
    low, quarter = np.quantile(gap, (0.1, 0.25))
    return float(np.clip(low + SPREADS * (quarter - low), LEAST, HIGHEST))


def _measure_gap(original: Image, edited: Image) -> Floats:
    """float32[h, w]: how far small pictures differ, 0 to 1, beyond one tone and what a slight shift leaves at edges."""
    height, width = original.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    one, other = (
        cv2.blur(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), (3, 3)).astype(np.float32) / 255
        for picture in (original, edited)
    )
    difference = other - one
    difference -= np.median(difference[::2, ::2], axis=(0, 1))
    gray = one.mean(axis=2)
    steps = np.hypot(*(cv2.Sobel(gray, cv2.CV_32F, *along, scale=1 / 8) for along in ((1, 0), (0, 1))))
    smear = SMEARED * cv2.dilate(np.asarray(steps, np.float32), np.ones((3, 3)))
    return np.asarray(np.maximum(np.abs(difference).max(axis=2) - smear, 0), np.float32)
