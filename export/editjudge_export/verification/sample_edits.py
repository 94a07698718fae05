"""Edits for comparing whole scores: photographs changed by simple rules, with the intent of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice

import cv2
import numpy as np

from editjudge.types import ALL, EditIntent, Image
from editjudge_export.verification.photographs import photographs

Slices = tuple[slice, slice]
PictureChanger = Callable[[Image, Slices], Image]
"""From a picture and a part of it to the picture with that part changed."""


@dataclass(frozen=True)
class SampleEdit:
    """original, edited: uint8[H, W, 3] of one size."""

    original: Image
    edited: Image
    intent: EditIntent


def sample_edits(count: int) -> list[SampleEdit]:
    """Edits of photographs, then of crops of them, over whose intents every sub-score applies."""
    pictures = photographs()
    edits = []
    for index, (change, intent) in enumerate(islice(cycle(EDITS), count)):
        original = _crop(pictures[index % len(pictures)], index // len(pictures))
        edits.append(SampleEdit(original, change(original, _choose_part(original, index)), intent))
    return edits


def _crop(image: Image, index: int) -> Image:
    """The picture itself at first, and then new parts of it, of other shapes."""
    if index == 0:
        return image
    rng = np.random.default_rng(index)
    height, width = (int(side * rng.uniform(0.5, 0.9)) for side in image.shape[:2])
    top, left = int(rng.integers(image.shape[0] - height)), int(rng.integers(image.shape[1] - width))
    return np.ascontiguousarray(image[top : top + height, left : left + width])


def _choose_part(image: Image, seed: int) -> Slices:
    rng = np.random.default_rng(seed)
    height, width = image.shape[:2]
    top, left = int(rng.integers(height // 2)), int(rng.integers(width // 2))
    return slice(top, top + height // 3), slice(left, left + width // 3)


def _paint(image: Image, part: Slices) -> Image:
    edited = image.copy()
    edited[part] = (0.4 * edited[part] + 0.6 * np.array([30, 60, 220])).astype(np.uint8)
    return edited


def _blur(image: Image, part: Slices) -> Image:
    edited = image.copy()
    edited[part] = cv2.GaussianBlur(image, (0, 0), 15)[part]
    return edited


def _enlarge(image: Image, part: Slices) -> Image:
    edited = image.copy()
    height, width = edited[part].shape[:2]
    edited[part] = cv2.resize(image[part], (2 * width, 2 * height))[:height, :width]
    return edited


def _mirror(image: Image, part: Slices) -> Image:
    edited = image.copy()
    edited[part] = image[:, ::-1][part]
    return edited


def _make_gray(image: Image, part: Slices) -> Image:
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


EDITS: tuple[tuple[PictureChanger, EditIntent], ...] = (
    (_paint, EditIntent("color", "red cup", "blue cup")),
    (_blur, EditIntent("remove", "cat", None)),
    (_mirror, EditIntent("replace", "man", "woman")),
    (_enlarge, EditIntent("size", "table", "table", size="larger")),
    (_mirror, EditIntent("move", "white house", "white house", position="left")),
    (_paint, EditIntent("add", None, "small bird", "tree", position="right")),
    (_make_gray, EditIntent("style", ALL, "a black and white picture")),
)
