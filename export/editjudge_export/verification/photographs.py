"""The photographs that exports are compared on: some of those that scikit-image carries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from skimage import data

NAMES = ("coffee", "chelsea", "rocket", "astronaut")
"""Three of different shapes, and a square one."""


def photographs(names: Sequence[str] = NAMES) -> list[NDArray[np.uint8]]:
    """Photographs uint8[H, W, 3], RGB."""
    return [np.ascontiguousarray(getattr(data, name)()) for name in names]
