"""What editors do to a picture that they did not edit."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import cv2
import numpy as np
import PIL.Image

from editjudge.types import Image


def shift(picture: Image, pixels: int) -> Image:
    """Right and down, with the border repeated."""
    matrix = np.array([[1, 0, pixels], [0, 1, pixels]], np.float32)
    size = picture.shape[1], picture.shape[0]
    return np.asarray(cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def scale_levels(picture: Image, *factors: float) -> Image:
    """Each channel, or all, times a factor."""
    return np.asarray(np.clip(picture * np.array(factors) + 0.5, 0, 255), np.uint8)


def crop(picture: Image, share: float) -> Image:
    """What is left of a share on each side, at the old size."""
    height, width = picture.shape[:2]
    rows, columns = round(height * share), round(width * share)
    inner = picture[rows : height - rows, columns : width - columns]
    return np.asarray(cv2.resize(inner, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def compress(picture: Image, quality: int) -> Image:
    """As JPEG."""
    content = io.BytesIO()
    PIL.Image.fromarray(picture).save(content, "JPEG", quality=quality)
    return np.asarray(PIL.Image.open(content).convert("RGB"))


def halve(picture: Image) -> Image:
    """To half the size and back."""
    height, width = picture.shape[:2]
    half = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(half, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


DRIFTS: Mapping[str, Callable[[Image], Image]] = {
    "shifted by 1 px": lambda picture: shift(picture, 1),
    "shifted by 2 px": lambda picture: shift(picture, 2),
    "gamma 0.9": lambda picture: (255 * (picture / 255.0) ** 0.9 + 0.5).astype(np.uint8),
    "5 % brighter": lambda picture: scale_levels(picture, 1.05),
    "10 % brighter": lambda picture: scale_levels(picture, 1.10),
    "4 % warmer": lambda picture: scale_levels(picture, 1.04, 1.0, 0.96),
    "cropped by 2 %": lambda picture: crop(picture, 0.02),
    "JPEG at 60": lambda picture: compress(picture, 60),
    "half the size and back": halve,
}
"""By what was done."""
