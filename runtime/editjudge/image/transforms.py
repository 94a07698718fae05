"""Resizing, cropping and normalising pictures, as models are fed with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from editjudge.types import FRAME, Image
from editjudge.utils.libraries.opencv import cv2

Resample = Literal["area", "bilinear", "bicubic"]

_PILLOW_FILTERS = {"bilinear": PIL.Image.Resampling.BILINEAR, "bicubic": PIL.Image.Resampling.BICUBIC}


def resize(image: Image, width: int, height: int, resample: Resample) -> Image:
    """Resizes uint8[H, W, 3]: "area" as OpenCV does, "bilinear" and "bicubic" antialiased as Pillow does.

    The latter two equal the image processors of Hugging Face bit by bit. By area, even sides are halved for as long as
    they can be, which OpenCV does ten times as fast as other ratios. The picture itself comes back when it has the size
    already.
    """
    if image.shape[:2] == (height, width):
        return image
    if resample == "area":
        return _by_area(image, width, height)
    return np.asarray(PIL.Image.fromarray(image).resize((width, height), _PILLOW_FILTERS[resample]))


def _by_area(image: Image, width: int, height: int) -> Image:
    rows, columns = image.shape[:2]
    while (rows, columns) != (height, width):
        halved = rows % 2 == columns % 2 == 0 and rows >= 2 * height and columns >= 2 * width
        rows, columns = (rows // 2, columns // 2) if halved else (height, width)
        image = np.asarray(cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return image


def resize_and_center_crop(image: Image, size: int, resample: Resample, shorter: int | None = None) -> Image:
    """Scales the shorter side to `shorter`, by default `size`, and cuts out the middle: uint8[size, size, 3].

    As CLIPImageProcessor and BitImageProcessor do.
    """
    image = _without_far_ends(image)
    height, width = image.shape[:2]
    shorter = shorter or size
    longer = int(shorter * max(height, width) / min(height, width))
    new_width, new_height = (shorter, longer) if width <= height else (longer, shorter)
    left, top = (new_width - size) // 2, (new_height - size) // 2
    return resize(image, new_width, new_height, resample)[top : top + size, left : left + size]


def _without_far_ends(image: Image, aspect: int = 16) -> Image:
    """The middle of a sliver: its ends would be enlarged a hundredfold, only to be cut off."""
    height, width = image.shape[:2]
    reach = aspect * min(height, width)
    top, left = max(0, (height - reach) // 2), max(0, (width - reach) // 2)
    return image[top : top + reach, left : left + reach]


def fit_frame(image: Image, longest: int = FRAME) -> Image:
    """Scales a picture down, by area, so that its longest side is at most `longest` pixels; never up. Always a copy."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1.0:
        return image.copy()
    return resize(image, max(1, round(width * scale)), max(1, round(height * scale)), "area")


def frame_scale(shape: tuple[int, ...]) -> float:
    """How many times as long as FRAME the longest side of a picture of `shape` is that lies in its frame; at least 1.

    By the picture, not by its bundle's frame: one that fits into FRAME is the same in any larger frame, and so is all
    that is said of it.
    """
    return max(1.0, max(shape[:2]) / FRAME)


def crop_box(box: Sequence[float] | NDArray[np.float32], grow: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The rows and columns of a box (x0, y0, x1, y1 in pixels) grown about its centre, clipped to a picture of `shape`.

    `image[crop_box(box, 1.2, image.shape)]` is the crop: a view, at least one pixel wide and high.
    """
    x0, y0, x1, y1 = (float(value) for value in box)
    return _span(y0, y1, grow, shape[0]), _span(x0, x1, grow, shape[1])


def _span(low: float, high: float, grow: float, limit: int) -> slice:
    centre, half = (low + high) / 2, (high - low) / 2 * grow
    start = min(max(int(np.floor(centre - half)), 0), limit - 1)
    return slice(start, min(max(int(np.ceil(centre + half)), start + 1), limit))


def to_tensor(
    images: Sequence[Image], mean: Sequence[float], std: Sequence[float], shape: tuple[int, int] | None = None
) -> NDArray[np.float32]:
    """Stacks N pictures uint8[h, w, 3] to float32[N, 3, H, W], scaled to 0..1 and normalised per channel.

    shape: H and W, with zeros to the right of and under pictures that are smaller; None: all have the first one's size.
    """
    tensor = np.empty((len(images), 3, *(shape or images[0].shape[:2])), dtype=np.float32)
    offset = np.asarray(mean, dtype=np.float32) * np.float32(255)
    scale = np.float32(1 / 255) / np.asarray(std, dtype=np.float32)
    for image, planes in zip(images, tensor, strict=True):
        height, width = image.shape[:2]
        for channel, plane, less, times in zip(cv2.split(image), planes, offset, scale, strict=True):
            np.subtract(channel, less, out=plane[:height, :width])
            plane[:height, :width] *= times
            plane[height:] = 0
            plane[:height, width:] = 0
    return tensor
