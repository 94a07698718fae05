"""How two pictures differ, per pixel; by OpenCV, as NumPy would take most of the time of a score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.image.alignment import PairAlignment
from editjudge.types import Floats, Image
from editjudge.utils.libraries.opencv import cv2

LEAST, MOST = 6.0, 14.0
"""Units of CIE Lab between which the threshold of a changed pixel lies."""
SPREADS = 8.0  # how often the least change lies between the tenth and the quarter that changed least over the former
SMEARED = 0.5
"""How much of the step to a neighbouring pixel compression may leave beside an edge; another scale twice as much."""
STRIP = 64
"""Rows that are worked on at once, so that what lies between two steps stays in the processor's cache."""


def squared_distance(original: Image, edited: Image) -> NDArray[np.float32]:
    """float32[H, W], in squared levels: the squared difference of uint8[H, W, 3], summed over the channels; exact."""
    total = np.zeros(original.shape[:2], np.float32)
    for _ in _add_squares(original, edited, total):
        pass
    return total


def change_map(original: Image, edited: Image) -> NDArray[np.float32]:
    """float32[H, W], 0 to 1: per pixel the root of the mean over channels of the squared difference."""
    change = np.zeros(original.shape[:2], np.float32)
    for strip in _add_squares(original, edited, change):
        np.multiply(strip, np.float32(1 / (3 * 255.0**2)), out=strip)
        np.sqrt(strip, out=strip)
    return change


def _add_squares(original: Image, edited: Image, total: Floats) -> Iterator[Floats]:
    """Adds the squared difference to float32[H, W], and yields the strips of rows in which the pictures differ."""
    for start in range(0, len(total), STRIP):
        rows = slice(start, start + STRIP)
        apart = cv2.absdiff(original[rows], edited[rows])
        if cv2.hasNonZero(apart.reshape(len(apart), -1)):
            strip = total[rows]
            for channel in cv2.split(apart):
                cv2.accumulateSquare(channel, strip)
            yield strip


def choose_threshold(gap: Floats, alignment: PairAlignment) -> float:
    """The units of CIE Lab from which a pixel of float32[H, W] changed."""
    # By the quarter that changed least, as an edit may be of most of the picture.
    middle, most = np.quantile(gap[::2, ::2], (0.1, 0.25))
    least = LEAST / 2 if alignment.is_uneven else LEAST
    return min(max(float(middle + SPREADS * (most - middle)), least), MOST)


def measure_gap(original: Image, edited: Image, alignment: PairAlignment) -> tuple[Floats, Floats]:
    """float32[H, W, 3] and [H, W]: the difference of smoothed pictures in CIE Lab, and how long it is beyond what
    resampling and compression leave; 0 where one of them shows nothing."""
    smooth = [cv2.GaussianBlur(picture, (0, 0), 0.8) for picture in (original, edited)]
    first, second = _to_lab(alignment.apply_tone(np.asarray(smooth[0]))), _to_lab(smooth[1])
    difference = second - first
    gap = np.sqrt(_sum_squares(difference))
    if not alignment.is_still:
        gap[~alignment.covers(gap.shape[0], gap.shape[1], margin=2.5)] = 0
        border = np.ones(gap.shape, bool)
        border[2:-2, 2:-2] = False
        gap[border] = 0
    # Compression and resampling smear what stands beside an edge over it.
    across, down = (cv2.Sobel(first, cv2.CV_32F, *along, scale=1 / 8) for along in ((1, 0), (0, 1)))
    steps = np.sqrt(_sum_squares(across) + _sum_squares(down))
    smear = SMEARED if alignment.scale == 1.0 else 2 * SMEARED
    gap = np.maximum(gap - smear * cv2.dilate(steps, np.ones((3, 3), np.uint8)), 0)
    return difference, np.asarray(gap, np.float32)


def _sum_squares(vectors: Any) -> Floats:
    """float32[H, W]: the squared lengths of float32[H, W, 3]; by planes, as NumPy is slow along so short an axis."""
    first, second, third = cv2.split(vectors)
    return np.asarray(first * first + second * second + third * third, np.float32)


def _to_lab(picture: Any) -> Floats:
    """float32[H, W, 3]: uint8[H, W, 3] in CIE Lab, to half a unit; ten times as fast as exactly."""
    lab = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2LAB), np.float32)
    lab[..., 0] *= np.float32(100 / 255)
    return lab
