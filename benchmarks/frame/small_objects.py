"""Objects of the studio, small in large photographs: where they are, and edits of them alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.types import Boxes, Image
from studio.renderer.backgrounds import photo
from studio.renderer.paint import recolour
from studio.renderer.sprites import sprite
from studio.renderer.world import COLOURS

WIDTH, HEIGHT = 4000, 3000
PHOTOGRAPHS = ("astronaut", "chelsea", "rocket", "coffee")
"""Of scikit-image; scaled up, as none of them is that large."""
OBJECTS = ("car", "apple", "tree", "guitar", "umbrella", "cat", "balloon", "lamp", "chair", "mushroom", "clock", "duck")


@dataclass(frozen=True)
class SmallObject:
    """An object in a photograph.

    Attributes:
        name: What the studio calls it.
        size: Pixels of its longest side.
        picture: uint8[H, W, 3].
        recoloured: The same with the object in another colour.
        mask: uint8[H, W, 3], 255 where the object is.
        box: float32[4], around it.
    """

    name: str
    size: int
    picture: Image
    recoloured: Image
    mask: Image
    box: NDArray[np.float32]


def place_objects(size: int, names: tuple[str, ...], seed: int) -> Iterator[SmallObject]:
    """Each of the objects with a longest side of `size` pixels, somewhere in a photograph of 4,000 x 3,000."""
    generator = np.random.default_rng([seed, size])
    colours = list(COLOURS)
    for place, name in enumerate(names):
        photograph = _enlarge(photo(PHOTOGRAPHS[place % len(PHOTOGRAPHS)]))
        rgba = sprite(name)
        one, other = generator.choice(len(colours), 2, replace=False)
        painted = (recolour(rgba[..., :3], COLOURS[colours[colour]]) for colour in (one, other))
        scale = size / max(rgba.shape[:2])
        width, height = (max(1, round(length * scale)) for length in (rgba.shape[1], rgba.shape[0]))
        alpha = _scale(rgba[..., 3], width, height).astype(np.float32)[..., None] / np.float32(255)
        left, top = int(generator.integers(WIDTH - width)), int(generator.integers(HEIGHT - height))
        where = slice(top, top + height), slice(left, left + width)
        picture, recoloured = photograph.copy(), photograph.copy()
        for target, paint in zip((picture, recoloured), painted, strict=True):
            drawn = alpha * _scale(paint, width, height) + (1 - alpha) * target[where]
            target[where] = (drawn + 0.5).astype(np.uint8)
        mask = np.zeros_like(photograph)
        mask[where] = np.where(alpha > 0.5, 255, 0)
        yield SmallObject(name, size, picture, recoloured, mask, _enclose(mask))


def _enclose(mask: Image) -> Boxes:
    rows, columns = (np.flatnonzero(mask[..., 0].any(axis=axis)) for axis in (1, 0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)


def _enlarge(photograph: Image) -> Image:
    """Scaled and cut to WIDTH x HEIGHT."""
    scale = max(WIDTH / photograph.shape[1], HEIGHT / photograph.shape[0])
    size = round(photograph.shape[1] * scale), round(photograph.shape[0] * scale)
    large = cv2.resize(photograph, size, interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(large[:HEIGHT, :WIDTH])


def _scale(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    shrinks = width < picture.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.uint8)
