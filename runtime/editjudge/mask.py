"""The region an edit concerns, M_all = M_orig | M_edit (BPM, section 3.5), as a mask over the original picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.errors import InputError
from editjudge.types import EditScore

SLIVER = 1e-4  # of a cell: what the rounding of an area average amounts to


def union_mask(score: EditScore) -> NDArray[np.uint8]:
    """M_all as uint8[H, W], 255 inside, at the original's own size; of a global edit, everywhere."""
    evidence = score.evidence
    union = (evidence.original_mask | evidence.edited_mask | score.intent.is_global).astype(np.uint8) * np.uint8(255)
    height, width = evidence.original_size or union.shape
    if union.shape == (height, width):
        return union
    smooth = cv2.resize(union, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(smooth > 127, 255, 0).astype(np.uint8)


def latent_mask(score: EditScore, factor: int = 8) -> NDArray[np.bool_]:
    """M_all at the size of a latent diffusion model's latents, as bool[H // factor, W // factor].

    A cell is inside when any part of it is, so that the whole region may change. Raises InputError for a picture
    smaller than a cell.
    """
    union = union_mask(score)
    height, width = (side // factor for side in union.shape)
    if not height or not width:
        raise InputError(f"the original is smaller than {factor} pixels, the side of a latent cell; take a larger one")
    covered = cv2.resize((union > 0).astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(covered > SLIVER)


def mask_png(score: EditScore) -> bytes:
    """`union_mask` as a PNG of one channel."""
    return _png(union_mask(score))


def latent_mask_png(score: EditScore, factor: int = 8) -> bytes:
    """`latent_mask` as a PNG of one channel, 255 inside."""
    return _png(latent_mask(score, factor).astype(np.uint8) * np.uint8(255))


def _png(mask: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", mask)[1].tobytes()
