"""Pictures as ComfyUI has them, floats [B, H, W, C] from 0 to 1, for a Scorer."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from editjudge import ImageError, InputError, from_float

AXES = 4
OVERSHOOT = 0.1
"""How far beyond 0 and 1 a picture may go and be clipped, as by resizing with a cubic or Lanczos filter."""


def list_batch(pictures: Tensor) -> list[Any]:
    """Each picture of a batch, uint8[H, W, 3]. What goes a little beyond 0 or 1 is clipped.

    Raises InputError for other axes, ImageError for what are no floats, for another range, and for NaN.
    """
    if pictures.ndim != AXES:
        raise InputError(f"the pictures are a tensor {list(pictures.shape)}; give an IMAGE, [B, H, W, C]")
    if not pictures.is_floating_point():
        raise ImageError(f"the pictures are of {pictures.dtype}; give an IMAGE, of floats from 0 to 1")
    values = pictures.detach().float()
    if values.numel() and values.min() >= -OVERSHOOT and values.max() <= 1 + OVERSHOOT:
        values = values.clamp(0, 1)
    return from_float(values)


def pair_batches(originals: Tensor, edited: Tensor) -> list[tuple[Any, Any]]:
    """An original for each edited picture: its own, or the one that there is. Raises InputError for other numbers."""
    before, after = list_batch(originals), list_batch(edited)
    if len(before) == 1:
        before = before * len(after)
    if len(before) != len(after):
        raise InputError(
            f"there are {len(before)} originals and {len(after)} edited pictures; give one original or as many"
        )
    return list(zip(before, after, strict=True))
