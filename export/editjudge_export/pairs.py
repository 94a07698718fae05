"""Edits for comparing whole scores: photographs, changed by hand and by rule, with the intent of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice

import cv2
import numpy as np

from editjudge.types import ALL, EditIntent, Image

from .photographs import photographs

Change = Callable[[Image, tuple[slice, slice]], Image]
"""From a picture and a part of it the picture with that part changed."""


@dataclass(frozen=True)
class Pair:
    """original, edited: uint8[H, W, 3] of one size."""

    original: Image
    edited: Image
    intent: EditIntent


def pairs(count: int) -> list[Pair]:
    """The first `count` of the edits of photographs, or of crops of them: every kind of judge has work to do."""
    pictures = photographs()
    found = []
    for turn, (change, intent) in enumerate(islice(cycle(EDITS), count)):
        original = _crop(pictures[turn % len(pictures)], turn // len(pictures))
        found.append(Pair(original, change(original, _part(original, turn)), intent))
    return found


def _crop(image: Image, index: int) -> Image:
    """The picture itself at first, and then ever new parts of it, of other shapes."""
    if index == 0:
        return image
    rng = np.random.default_rng(index)
    height, width = (int(side * rng.uniform(0.5, 0.9)) for side in image.shape[:2])
    top, left = int(rng.integers(image.shape[0] - height)), int(rng.integers(image.shape[1] - width))
    return np.ascontiguousarray(image[top : top + height, left : left + width])


def _part(image: Image, seed: int) -> tuple[slice, slice]:
    rng = np.random.default_rng(seed)
    height, width = image.shape[:2]
    top, left = int(rng.integers(height // 2)), int(rng.integers(width // 2))
    return slice(top, top + height // 3), slice(left, left + width // 3)


def _painted(image: Image, part: tuple[slice, slice]) -> Image:
    edited = image.copy()
    edited[part] = (0.4 * edited[part] + 0.6 * np.array([30, 60, 220])).astype(np.uint8)
    return edited


def _blurred(image: Image, part: tuple[slice, slice]) -> Image:
    edited = image.copy()
    edited[part] = cv2.GaussianBlur(image, (0, 0), 15)[part]
    return edited


def _enlarged(image: Image, part: tuple[slice, slice]) -> Image:
    edited = image.copy()
    height, width = edited[part].shape[:2]
    edited[part] = cv2.resize(image[part], (2 * width, 2 * height))[:height, :width]
    return edited


def _mirrored(image: Image, part: tuple[slice, slice]) -> Image:
    edited = image.copy()
    edited[part] = image[:, ::-1][part]
    return edited


def _toned(image: Image, part: tuple[slice, slice]) -> Image:
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


EDITS: tuple[tuple[Change, EditIntent], ...] = (
    (_painted, EditIntent("color", "red cup", "blue cup")),
    (_blurred, EditIntent("remove", "cat", None)),
    (_mirrored, EditIntent("replace", "man", "woman")),
    (_enlarged, EditIntent("size", "table", "table", size="larger")),
    (_mirrored, EditIntent("move", "white house", "white house", position="left")),
    (_painted, EditIntent("add", None, "small bird", "tree", position="right")),
    (_toned, EditIntent("style", ALL, "a black and white picture")),
)
