"""Pictures that are none of two colours: the originals of the demo, and photographs; and what was added to them."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from skimage import data

from editjudge.datasets.demo import load_demo
from editjudge.image.decode import load_image
from editjudge.types import Image

SIDE = 512


@cache
def rendered() -> tuple[Image, ...]:
    """The originals of the demo, uint8[512, 512, 3]."""
    return tuple(load_image(one.original) for one in load_demo())


@cache
def well_done() -> tuple[Image, ...]:
    """The well done candidate of each of them."""
    candidates = (candidate for one in load_demo() for candidate in one.candidates)
    return tuple(load_image(candidate.file) for candidate in candidates if candidate.label == "well done")


@cache
def photographs() -> tuple[Image, ...]:
    """uint8[512, 512, 3]."""
    return tuple(_square(picture()) for picture in (data.astronaut, data.chelsea, data.coffee))


def all_pictures() -> tuple[Image, ...]:
    return (*rendered(), *photographs())


def add_noise(picture: Image, sigma: float) -> Image:
    noise = np.random.default_rng(7).normal(0, sigma, picture.shape)
    return np.clip(picture + noise + 0.5, 0, 255).astype(np.uint8)


def moved(picture: Image, right: float, down: float) -> Image:
    """Shifted by any part of a pixel, the border repeated."""
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    size = picture.shape[1], picture.shape[0]
    shifted = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shifted, np.uint8)


def inverted(picture: Image, top: int, left: int, side: int) -> Image:
    """With one square inverted."""
    changed = picture.copy()
    changed[top : top + side, left : left + side] = 255 - changed[top : top + side, left : left + side]
    return changed


def _square(picture: Image) -> Image:
    side = min(picture.shape[:2])
    return np.asarray(cv2.resize(picture[:side, :side], (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
