"""Pictures as ComfyUI has them, floats [B, H, W, C] from 0 to 1, for a Scorer."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from editjudge import InputError, from_float

AXES = 4


def list_batch(pictures: Tensor) -> list[Any]:
    """Each picture of a batch, uint8[H, W, 3]. What lies outside 0 to 1 is clipped, as ComfyUI does when it saves.

    Raises InputError for other axes, ImageError for NaN.
    """
    if pictures.ndim != AXES:
        raise InputError(f"the pictures are a tensor {list(pictures.shape)}; give an IMAGE, [B, H, W, C]")
    return from_float(pictures.detach().float().clamp(0, 1))


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
