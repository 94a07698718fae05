"""How two pictures differ, per pixel; by OpenCV, as NumPy would take most of the time of a score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.types import Image
from editjudge.utils.libraries.opencv import cv2


def squared_distance(original: Image, edited: Image) -> NDArray[np.float32]:
    """float32[H, W], in squared levels: the squared difference of uint8[H, W, 3], summed over the channels; exact."""
    total = np.zeros(original.shape[:2], np.float32)
    for channel in cv2.split(cv2.absdiff(original, edited)):
        cv2.accumulateSquare(channel, total)
    return total


def change_map(original: Image, edited: Image) -> NDArray[np.float32]:
    """float32[H, W], 0 to 1: per pixel the root of the mean over channels of the squared difference."""
    change = squared_distance(original, edited)
    change *= np.float32(1 / (3 * 255.0**2))
    return np.asarray(np.sqrt(change, out=change))
