"""A picture of two colours."""

from __future__ import annotations

import numpy as np

RED, BLUE = (200, 10, 20), (10, 20, 200)


def halves() -> np.ndarray:
    """uint8[24, 32, 3], the left half red, the right half blue."""
    image = np.empty((24, 32, 3), np.uint8)
    image[:, :16], image[:, 16:] = RED, BLUE
    return image
