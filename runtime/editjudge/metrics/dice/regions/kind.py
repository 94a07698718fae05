"""Whether something was added, removed or edited in a place, from both sides of it.

What stands in a picture has an outline there: colours change where its mask ends. A place with an outline after the
edit alone was added to, with one before it alone removed from, with both edited.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.types import Floats, Image
from editjudge.utils.libraries.opencv import cv2

RIM = 3
"""Pixels on either side of a mask's end that are compared."""
FLOOR = 3.0
"""Units of CIE Lab between both sides that say nothing."""
STEEPNESS, BALANCED = 2.2, 0.75
"""Of the logits: per natural logarithm of the ratio of both outlines, and the ratio up to which it is an edit."""


def tell_kind(original: Floats, edited: Floats, mask: NDArray[np.bool_]) -> Floats:
    """float32[3], adding up to 1: how likely a place was added to, removed from or edited.

    Args:
        original: float32[h, w, 3] in CIE Lab, the place and a little round it.
        edited: The same of the edited picture.
        mask: bool[h, w]: which of it changed.
    """
    before, after = (measure_outline(picture, mask) for picture in (original, edited))
    ratio = np.log((after + FLOOR) / (before + FLOOR))
    logits = np.array([ratio - BALANCED, -ratio - BALANCED, 0.0]) * STEEPNESS
    likely = np.exp(logits - logits.max())
    return np.asarray(likely / likely.sum(), np.float32)


def measure_outline(picture: Floats, mask: NDArray[np.bool_]) -> float:
    """How far, in CIE Lab, a picture float32[h, w, 3] differs on both sides of a mask's end, on average."""
    inside = mask.astype(np.float32)
    window = (2 * RIM + 1, 2 * RIM + 1)
    share = cv2.blur(inside, window)
    rim = (share > 0.3) & (share < 0.7)
    if not rim.any():
        return 0.0
    within = cv2.blur(picture * inside[..., None], window)[rim] / share[rim][:, None]
    beyond = cv2.blur(picture * (1 - inside)[..., None], window)[rim] / (1 - share[rim])[:, None]
    return float(np.linalg.norm(within - beyond, axis=1).mean())


def to_lab(picture: Image) -> Floats:
    """float32[h, w, 3]: uint8[h, w, 3] in CIE Lab."""
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
