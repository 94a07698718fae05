"""Pictures of floats from 0 to 1, as models give them, made pictures of 8 bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from editjudge.errors import ImageError
from editjudge.image.decoding.limits import ImageLimits
from editjudge.types import Floats, Image

TOLERANCE = 0.5 / 255
"""How far values may lie outside 0 to 1: what rounding to 8 bits hides anyway."""
CHANNELS = (1, 3, 4)
"""Gray, RGB, RGB and alpha."""


def from_float(values: Any) -> Image | list[Image]:
    """Makes a picture of floats from 0 to 1, or a list of pictures of a batch of them, to hand to a Scorer.

    Args:
        values: Floats [H, W, C] or [B, H, W, C] of gray, RGB or RGB and alpha: an array of NumPy, a tensor of torch on
            any device, or whatever else can be made an array. Alpha is composited over white.

    Returns uint8[H, W, 3], rounded to the nearest level; a list of B of them for a batch. Raises ImageError for values
    that are no floats, not finite or out of the range, and for axes in another order.
    """
    array = _as_array(values)
    if array.dtype.kind != "f":
        raise ImageError(
            f"from_float takes floats from 0 to 1, not {array.dtype}; hand in uint8[H, W, 3] from 0 to 255 as it is"
        )
    _check_shape(array.shape)
    ImageLimits.from_environment().check(array.shape[-2], array.shape[-3], "the array")
    _check_range(array)
    pictures = [_to_bytes(one) for one in (array if array.ndim == 4 else array[None])]
    return pictures if array.ndim == 4 else pictures[0]


def _as_array(values: Any) -> np.ndarray[Any, Any]:
    """A tensor without gradient, off its device; torch is not imported for it. Raises ImageError."""
    try:
        for step in ("detach", "cpu"):
            values = getattr(values, step, lambda values=values: values)()
        if str(getattr(values, "dtype", "")).endswith("bfloat16"):  # which NumPy has not
            values = values.float() if hasattr(values, "float") else values.astype("float32")
        array = np.asarray(values)
    except NotImplementedError as error:  # a tensor on torch's device "meta"
        raise ImageError(f"a {type(values).__name__} without data holds no picture; hand in its values") from error
    except (TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, ValueError) and isinstance(values, list | tuple):
            raise ImageError(
                f"a {type(values).__name__} of different sizes cannot be made an array; call from_float for each"
            ) from error
        raise ImageError(f"a {type(values).__name__} cannot be made an array: {error}; hand in numpy floats") from error
    if array.dtype == object:
        raise ImageError(f"a {type(values).__name__} is no array of floats; hand in [H, W, C] or [B, H, W, C]")
    return array


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) in (3, 4) and shape[-1] in CHANNELS:
        return
    said = f"floats must be [H, W, C] or [B, H, W, C] with 1, 3 or 4 channels, not {list(shape)}"
    if len(shape) == 3 and shape[0] in CHANNELS:
        raise ImageError(f"{said}; this looks like [C, H, W]: permute(1, 2, 0) it, in NumPy transpose(1, 2, 0)")
    if len(shape) == 4 and shape[1] in CHANNELS:
        raise ImageError(f"{said}; this looks like [B, C, H, W]: permute(0, 2, 3, 1) it, in NumPy transpose")
    raise ImageError(f"{said}; for gray [H, W], add an axis: values[..., None]" if len(shape) == 2 else said)


def _check_range(array: np.ndarray[Any, Any]) -> None:
    if array.size == 0:
        raise ImageError(f"floats of {list(array.shape)} hold no picture; hand in at least one")
    low, high = float(array.min()), float(array.max())
    if not np.isfinite((low, high)).all():
        raise ImageError("the floats hold NaN or infinity, which are no colours; look for where they come from")
    if low >= -TOLERANCE and high <= 1 + TOLERANCE:
        return
    if low < -TOLERANCE and low >= -1 - TOLERANCE and high <= 1 + TOLERANCE:
        remedy = "if they go from -1 to 1, hand in (values + 1) / 2"
    elif low >= 0 and 2 < high <= 255:
        remedy = "if they go from 0 to 255, hand in values / 255"
    else:
        remedy = "scale them, or clip what goes beyond"
    raise ImageError(f"the floats go from {low:g} to {high:g} and not from 0 to 1; {remedy}")


def _to_bytes(picture: Floats) -> Image:
    colours = picture.astype(np.float64)
    if colours.shape[2] == 4:
        colours = 1 - colours[..., 3:] * (1 - colours[..., :3])
    levels = np.clip(colours * 255 + 0.5, 0, 255).astype(np.uint8)
    return np.repeat(levels, 3, axis=2) if levels.shape[2] == 1 else np.ascontiguousarray(levels)
