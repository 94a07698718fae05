"""Lengths of vectors, as colours that differ are: one for each pixel."""

from __future__ import annotations

from typing import Any

import numpy as np

from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2


def sum_squares(vectors: Any) -> Floats:
    """float32[H, W]: the squared lengths of float32[H, W, C]."""
    squares = cv2.multiply(vectors, vectors)
    return np.asarray(cv2.transform(squares, np.ones((1, vectors.shape[2]), np.float32)), np.float32)


def measure_length(vectors: Any) -> Floats:
    """float32[H, W]: the lengths of float32[H, W, C]."""
    return np.asarray(np.sqrt(sum_squares(vectors)), np.float32)


def turn(array: Any) -> Floats:
    """float32[W, H] or [W, H, C]: rows for columns."""
    return np.asarray(cv2.transpose(array), np.float32)
