"""The region an edit concerns, as one mask over the original picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.types import EditScore


def union_mask(score: EditScore) -> NDArray[np.uint8]:
    """M_orig | M_edit (BPM, section 3.5) as uint8[H, W], 255 inside, at the original's own size."""
    evidence = score.evidence
    union = (evidence.original_mask | evidence.edited_mask).astype(np.uint8) * np.uint8(255)
    height, width = evidence.original_size or union.shape
    if union.shape == (height, width):
        return union
    smooth = cv2.resize(union, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(smooth > 127, 255, 0).astype(np.uint8)


def mask_png(score: EditScore) -> bytes:
    """The same as a PNG of one channel."""
    return cv2.imencode(".png", union_mask(score))[1].tobytes()
