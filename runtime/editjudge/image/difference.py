"""How two pictures differ, per pixel and per block; by OpenCV, as NumPy would take most of the time of a score."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.types import Image

SAME_BLOCK = 16  # ours: pixels are averaged over blocks of this side to see whether anything but noise changed
SAME_CHANGE = 0.03  # ours: the largest change of a block's mean colour, 0 to 1, that counts as none
SAME_NOISE = 0.5  # ours: and what each unit of the noise's standard deviation adds to it, as clipping shifts the mean


def squared_distance(original: Image, edited: Image) -> NDArray[np.float32]:
    """float32[H, W], in squared levels: the squared difference of uint8[H, W, 3], summed over the channels; exact."""
    total = np.zeros(original.shape[:2], np.float32)
    for channel in cv2.split(cv2.absdiff(original, edited)):
        cv2.accumulateSquare(channel, total)
    return total


def block_means(values: NDArray[Any], side: int) -> NDArray[np.float64]:
    """float64[rows, columns, ...]: the means of values[H, W, ...] over squares; the last ones may be smaller."""
    rows, columns = (np.append(np.arange(0, length, side), length) for length in values.shape[:2])
    corners = cv2.integral(values)[rows][:, columns]
    areas = np.diff(rows)[:, None] * np.diff(columns)
    sums = np.diff(np.diff(corners, axis=0), axis=1)
    return np.asarray(sums / areas.reshape(*areas.shape, *[1] * (values.ndim - 2)), dtype=np.float64)


def change_map(original: Image, edited: Image) -> NDArray[np.float32]:
    """float32[H, W], 0 to 1: per pixel the root of the mean over channels of the squared difference."""
    change = squared_distance(original, edited)
    change *= np.float32(1 / (3 * 255.0**2))
    return np.asarray(np.sqrt(change, out=change))


def same_picture(original: Image, edited: Image) -> bool:
    """Whether nothing changed but noise, as from compression: then no block's mean colour differs. That is ours."""
    if np.array_equal(original, edited):
        return True
    moved = block_means(edited, SAME_BLOCK) - block_means(original, SAME_BLOCK)
    shift = np.square(moved).sum(axis=2) / (3 * 255.0**2)
    whole = block_means(squared_distance(original, edited), SAME_BLOCK) / (3 * 255.0**2)
    noise = np.sqrt(np.maximum(whole - shift, 0.0))
    return float(np.sqrt(shift.max())) <= SAME_CHANGE + SAME_NOISE * float(np.median(noise))
