"""Backgrounds: gradients, soft textures, walls with floors, photographs, and the patterns of `patterns.py`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray

from editjudge.types import Image
from studio.renderer.patterns import PATTERNS, draw_pattern
from studio.renderer.world import PHOTOS_HELD_OUT, PHOTOS_TRAIN

KINDS = ("gradient", "texture", "floor", "photo")
"""What most scenes stand before; patterns are asked for."""
CALIBRATED_KINDS = (*KINDS, *KINDS, *PATTERNS)
"""What bundles are calibrated on: patterns in a little under half."""


@dataclass(frozen=True)
class Background:
    """What to draw: the kind, the seed of its details, and the name of a photograph."""

    kind: str
    seed: int
    photo: str | None = None


def random_background(
    rng: np.random.Generator, held_out: bool = False, kinds: tuple[str, ...] = KINDS, photos: tuple[str, ...] = ()
) -> Background:
    """A background of one of the kinds; photographs are, unless some are given, those that scikit-image carries."""
    kind = str(rng.choice(kinds))
    photos = photos or (PHOTOS_HELD_OUT if held_out else PHOTOS_TRAIN)
    photo = str(rng.choice(photos)) if kind == "photo" else None
    return Background(kind, int(rng.integers(2**31)), photo)


def draw_background(background: Background, canvas: int) -> Image:
    """uint8[canvas, canvas, 3] RGB; the same for the same background and canvas."""
    rng = np.random.default_rng(background.seed)
    if background.kind == "photo":
        return photo_crop(background.photo or "", rng, canvas)
    draw = {"gradient": _gradient, "texture": _texture, "floor": _floor}.get(background.kind)
    picture = draw(rng, canvas) if draw else draw_pattern(background.kind, rng, canvas)
    return np.clip(picture, 0, 255).astype(np.uint8)


@cache
def photo(name: str) -> Image:
    """A bundled photograph, or one by its full path, as uint8[H, W, 3] RGB."""
    path = Path(name)
    if not path.is_absolute():
        folder = Path(skimage.__file__).parent / "data"
        path = next(path for path in folder.glob(f"{name}.*") if path.suffix in {".png", ".jpg"})
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def photo_crop(name: str, rng: np.random.Generator, canvas: int) -> Image:
    """A random square of a photograph, between half and all of its short side."""
    whole = photo(name)
    side = int(min(whole.shape[:2]) * rng.uniform(0.5, 1.0))
    top = int(rng.integers(whole.shape[0] - side + 1))
    left = int(rng.integers(whole.shape[1] - side + 1))
    square = whole[top : top + side, left : left + side]
    interpolation = cv2.INTER_AREA if side > canvas else cv2.INTER_LINEAR
    return cv2.resize(square, (canvas, canvas), interpolation=interpolation)


def _muted_colour(rng: np.random.Generator) -> NDArray[np.float32]:
    """A colour that is less bright than an object's."""
    base = rng.uniform(60, 235)
    return np.clip(base + rng.uniform(-55, 55, size=3), 20, 250).astype(np.float32)


def _noise(rng: np.random.Generator, canvas: int, cells: int) -> NDArray[np.float32]:
    coarse = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (canvas, canvas), interpolation=cv2.INTER_CUBIC)


def _gradient(rng: np.random.Generator, canvas: int) -> NDArray[np.float32]:
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:canvas, 0:canvas].astype(np.float32) / canvas - 0.5
    share = np.clip(0.5 + x * np.cos(angle) + y * np.sin(angle), 0, 1)[..., None].astype(np.float32)
    first, second = _muted_colour(rng), _muted_colour(rng)
    return first + (second - first) * share


def _texture(rng: np.random.Generator, canvas: int) -> NDArray[np.float32]:
    picture = np.broadcast_to(_muted_colour(rng), (canvas, canvas, 3)).astype(np.float32)
    for cells, strength in ((3, 18), (9, 12), (40, rng.uniform(2, 14))):
        picture = picture + (_noise(rng, canvas, cells) * strength)[..., None] * rng.uniform(0.6, 1.0, size=3)
    return picture.astype(np.float32)


def _floor(rng: np.random.Generator, canvas: int) -> NDArray[np.float32]:
    horizon = int(canvas * rng.uniform(0.35, 0.65))
    picture = np.empty((canvas, canvas, 3), dtype=np.float32)
    wall, floor, line = _muted_colour(rng), _muted_colour(rng), rng.uniform(-30, 30)
    picture[:horizon] = wall + np.linspace(-10, 10, horizon, dtype=np.float32)[:, None, None]
    depth = np.linspace(0.15, 1.0, canvas - horizon, dtype=np.float32)[:, None]
    across = (np.arange(canvas, dtype=np.float32)[None] / canvas - 0.5) / depth
    tiles = np.floor(across * rng.uniform(2, 5))
    if rng.random() < 0.5:
        tiles = tiles + np.floor(rng.uniform(2, 4) / depth)
    picture[horizon:] = floor + ((tiles % 2) * line)[..., None]
    return picture + (_noise(rng, canvas, 24) * rng.uniform(0, 5))[..., None]
