"""What is done to a picture that is no edit of it, the same for every picture: what an editor's file goes through."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import cv2
import numpy as np
import PIL.Image

from editjudge.types import Image
from studio.edits.damage import Flaw, inflict
from studio.edits.drifts import DRIFTS

SEED = 18
CASES = 100
"""How many pictures the goal is about."""
STAMP = ((255, 255, 102), (66, 255, 255), (81, 218, 75), (255, 110, 60), (60, 70, 255))
"""Squares of these colours stand in the lower right corner of what a well-known editor makes; RGB."""


def _encode(picture: Image) -> Image:
    content = io.BytesIO()
    PIL.Image.fromarray(picture).save(content, "WEBP", quality=50)
    return np.asarray(PIL.Image.open(content).convert("RGB"))


def _sharpen(picture: Image) -> Image:
    soft = cv2.GaussianBlur(picture, (0, 0), 1.0)
    return np.asarray(cv2.addWeighted(picture, 1.6, soft, -0.6, 0), np.uint8)


def _stamp(picture: Image) -> Image:
    """Five squares in the corner, each a sixty-fourth of the longer side."""
    side, stamped = max(2, max(picture.shape[:2]) // 64), picture.copy()
    for place, colour in enumerate(reversed(STAMP)):
        right = picture.shape[1] - place * side
        stamped[-side:, right - side : right] = colour
    return stamped


def _autoencode(picture: Image) -> Image:
    """As an autoencoder leaves it: softer, and with tones that drift by up to 6 levels from place to place."""
    generator, (height, width) = np.random.default_rng(SEED), picture.shape[:2]
    coarse = generator.uniform(-6, 6, (4, 4, 3)).astype(np.float32)
    tones = np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), -6, 6)
    soft = cv2.GaussianBlur(picture, (0, 0), 0.6).astype(np.float32)
    return np.asarray(np.clip(soft + tones + 0.5, 0, 255), np.uint8)


HARMLESS: Mapping[str, Callable[[Image], Image]] = {
    **DRIFTS,
    "WebP at 50": _encode,
    "sharpened": _sharpen,
    "stamp in the corner": _stamp,
    "drift of an autoencoder": _autoencode,
    "grain of 6 levels": lambda picture: inflict(picture, Flaw("grain", seed=SEED, strength=6)),
}
"""By what was done."""


def pair_off(pictures: int) -> list[tuple[int, str]]:
    """CASES of so many pictures, each with the name of what is done to it: all of both take turns."""
    turns, names = (divmod(place, pictures) for place in range(CASES)), list(HARMLESS)
    return [(picture, names[(picture + turn) % len(names)]) for turn, picture in turns]
