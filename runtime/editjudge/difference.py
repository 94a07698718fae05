"""How two pictures differ, per pixel and per block. By OpenCV: in NumPy this is most of what the judges take."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.types import Image


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
