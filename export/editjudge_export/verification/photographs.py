"""The photographs that exports are compared on, and those that they are calibrated on, which are others: some of those
that scikit-image carries.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from skimage import data
from skimage.color import gray2rgb

NAMES = ("coffee", "chelsea", "rocket", "astronaut")
"""Three of different shapes, and a square one."""

CALIBRATION = (
    ("stereo_motorcycle", "camera"),
    ("coins", "hubble_deep_field"),
    ("immunohistochemistry", "retina"),
)
"""Two at a time. None of NAMES, or what rounding is measured on would be what its scales were made for."""


def photographs(names: Sequence[str] = NAMES) -> list[NDArray[np.uint8]]:
    """Photographs uint8[H, W, 3], RGB; of two of one thing the left one, and grey ones with three equal channels."""
    return [_open(name) for name in names]


def _open(name: str) -> NDArray[np.uint8]:
    picture = getattr(data, name)()
    if isinstance(picture, tuple):
        picture = picture[0]
    return np.ascontiguousarray(gray2rgb(picture) if picture.ndim == 2 else picture)
