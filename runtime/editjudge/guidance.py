"""The region an edit concerns, M_all = M_orig | M_edit (BPM, section 3.5), as a mask over the original picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.errors import InputError
from editjudge.metrics.registry import EditScore

SLIVER = 1e-4
"""The share of a cell that the rounding of an area average amounts to."""


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


def encode_png(mask: NDArray[np.uint8] | NDArray[np.bool_]) -> bytes:
    """A mask, bool[H, W] or uint8[H, W], as a PNG of one channel, 255 inside."""
    return cv2.imencode(".png", np.where(mask, 255, 0).astype(np.uint8))[1].tobytes()


Latents = Any
"""An array of NumPy, torch or the like: with +, -, *, shape and max."""


def guidance(
    unconditional: Latents, image: Latents, text: Latents, mask: Latents, *, image_scale: float, text_scale: float
) -> Latents:
    """Combines three predictions of the noise by the paper's equation 4.

    Args:
        unconditional: eps(0, 0), [..., H, W] in latent cells, as are the other predictions and what is returned.
        image: eps(I, 0).
        text: eps(I, T).
        mask: M_all, [H, W] or with more axes, of the same library and device, bools or 0 to 1; outside of it the text
            has no say. Bools leave the predictions' precision as it is.

    Raises InputError for a mask that does not fit.
    """
    if tuple(mask.shape[-2:]) != tuple(text.shape[-2:]):
        cells, latents = (" x ".join(map(str, array.shape[-2:])) for array in (mask, text))
        raise InputError(f"the mask has {cells} cells, the latents {latents}; make it of the picture that is edited")
    if mask.max() > 1:
        raise InputError("the mask has values above 1; hand in bools, or divide it by its largest value")
    return unconditional + image_scale * (image - unconditional) + text_scale * (text - image) * mask
