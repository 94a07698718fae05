"""Tensors of torch with the channels first, as torchmetrics and torchvision have pictures, for a Scorer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, uint8

from editjudge import InputError, from_float

BATCH_AXES = 4
PICTURE_AXES = 3
COLOURS = 3


def list_pictures(pictures: Any) -> list[Any]:
    """Each picture of a batch, as a Scorer takes it.

    Args:
        pictures: A tensor [B, C, H, W] of floats from 0 to 1 or of uint8, on any device; or a list of tensors
            [C, H, W], or of whatever a Scorer takes: paths, Pillow's pictures, arrays [H, W, C]. C: gray, RGB, or RGB
            and alpha, which is composited over white.

    Raises InputError for a tensor of other axes, ImageError for floats out of the range, with the picture's number.
    """
    if isinstance(pictures, Tensor) and pictures.ndim != BATCH_AXES:
        raise InputError(f"the pictures are a tensor {list(pictures.shape)}; give [B, C, H, W], or a list of pictures")
    if not isinstance(pictures, Tensor | Sequence) or isinstance(pictures, str | bytes):
        raise InputError(f"the pictures are one {type(pictures).__name__}; give a list, or a tensor [B, C, H, W]")
    return [_convert(number, one) if isinstance(one, Tensor) else one for number, one in enumerate(pictures)]


def _convert(number: int, picture: Tensor) -> Any:
    if picture.ndim != PICTURE_AXES:
        raise InputError(f"edit {number}: a picture is a tensor {list(picture.shape)}; give [C, H, W]")
    last = picture.detach().permute(1, 2, 0)
    if picture.dtype == uint8 and len(picture) == COLOURS:
        return last.cpu().numpy()
    try:
        return from_float(last.float() / 255 if picture.dtype == uint8 else last)
    except InputError as error:
        raise type(error)(f"edit {number}: {error}") from error
