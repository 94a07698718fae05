"""Objects to put into photographs: cut out of others, or sprites; and how they are put there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.types import Floats, Image
from studio.differences.pair import Mask
from studio.renderer.everyday import everyday_photographs, photographed_objects
from studio.renderer.sprites import sprite
from studio.renderer.world import NAMES, PHOTOS_HELD_OUT, PHOTOS_TRAIN

SPRITES = 0.15
"""The share of sprites among the objects to train on; there are none among those held out."""
OF_KIND = {"flowers": "flower", "trees": "tree", "mushrooms": "mushroom"}
"""What the objects of a folder are called, whatever the names of their files."""
FOREIGN = frozenset({
    "binoculars", "bluegroper", "bradley", "cherimoya", "coraltrout", "garbagecan", "moonwrasse", "nandou", "plyers",
    "tucan", "xanthia", "wapiti",
})  # fmt: skip
"""Names of files that no instruction would use, or not in the singular."""


@dataclass(frozen=True, eq=False)
class CutOut:
    """An object, uint8[H, W, 4] RGBA, with its name where it has one."""

    pixels: NDArray[np.uint8]
    name: str | None = None


@dataclass(frozen=True, eq=False)
class Layer:
    """An object as it is put into a picture.

    Attributes:
        colour: float32[H, W, 4], of the whole picture, premultiplied, 0 to 1.
        shadow: float32[H, W, 1], the share of light that it takes from what is below; None: it casts none.
        name: Of the object.
    """

    colour: Floats
    shadow: Floats | None = None
    name: str | None = None

    @property
    def support(self) -> Mask:
        """bool[H, W]: all pixels that it touches."""
        touched = self.colour[..., 3] > 0
        return touched if self.shadow is None else touched | (self.shadow[..., 0] > 0)

    @property
    def solid(self) -> Mask:
        """bool[H, W]: the pixels of the object itself."""
        return self.colour[..., 3] > 0.5

    def over(self, picture: Image) -> Image:
        """The picture uint8[H, W, 3] with the object in it."""
        below = picture.astype(np.float32) / 255
        if self.shadow is not None:
            below *= 1 - self.shadow
        mixed = self.colour[..., :3] + below * (1 - self.colour[..., 3:])
        return np.asarray(np.clip(mixed * 255 + 0.5, 0, 255), np.uint8)


@dataclass(frozen=True)
class Pose:
    """Where an object is put: centre and longest side in pixels, angle in degrees, and how deep a shadow it casts."""

    x: float
    y: float
    side: float
    angle: float = 0.0
    shadow: float = 0.0


@cache
def photographs(held_out: bool) -> tuple[str, ...]:
    """Those to train on, or those that are held out: paths, and names of scikit-image's."""
    scikit = PHOTOS_HELD_OUT if held_out else PHOTOS_TRAIN
    return (*map(str, everyday_photographs(held_out)), *scikit)


@cache
def cut_out_files(held_out: bool) -> tuple[Path, ...]:
    """Those to train on, or those that are held out."""
    return tuple(photographed_objects(held_out))


def name_of(path: Path) -> str | None:
    """What the object of this file is called; None where the file does not say it in plain words."""
    kind, _, name = path.stem.partition("--")[2].partition("-")
    if kind in OF_KIND:
        return OF_KIND[kind]
    if kind == "auto":
        return "truck" if "truck" in name else "car"
    plain = re.sub(r"[-_ ]?\d+$", "", name).lower()
    return plain if re.fullmatch(r"[a-z]{3,}", plain) and plain not in FOREIGN else None


@lru_cache(maxsize=512)
def _read(path: Path) -> CutOut:
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert stored is not None, path
    pixels = cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA)
    return CutOut(trim(np.asarray(pixels, np.uint8)), name_of(path))


def trim(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8[H, W, 4], without the border that is clear."""
    solid = pixels[..., 3] > 127
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else pixels


def draw_cut_out(rng: np.random.Generator, held_out: bool) -> CutOut:
    """Any object, mirrored half of the time."""
    if not held_out and rng.random() < SPRITES:
        cut_out = _draw_sprite(rng)
    else:
        files = cut_out_files(held_out)
        cut_out = _read(files[int(rng.integers(len(files)))])
    if rng.random() < 0.5:
        return CutOut(cut_out.pixels[:, ::-1], cut_out.name)
    return cut_out


def _draw_sprite(rng: np.random.Generator) -> CutOut:
    name = str(rng.choice(NAMES))
    return CutOut(sprite(name), name)


def lay(cut_out: CutOut, place: Pose, size: tuple[int, int]) -> Layer:
    """The object at a place of a picture of a size (height, width)."""
    pixels, (height, width) = cut_out.pixels, size
    scale = place.side / max(pixels.shape[:2])
    if scale < 1:
        shrunk = tuple(max(2, round(side * scale)) for side in pixels.shape[1::-1])
        pixels = np.asarray(cv2.resize(pixels, shrunk, interpolation=cv2.INTER_AREA), np.uint8)
    rows, columns = pixels.shape[:2]
    colour = pixels.astype(np.float32) / 255
    colour[..., :3] *= colour[..., 3:]
    turn = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), place.angle, max(1.0, scale))
    turn[:, 2] += np.array([place.x - columns / 2, place.y - rows / 2])
    laid = np.asarray(cv2.warpAffine(colour, turn, (width, height), flags=cv2.INTER_LINEAR), np.float32)
    if not place.shadow:
        return Layer(laid, None, cut_out.name)
    reach = max(2, round(place.side * 0.08))
    fall = np.array([[1, 0, reach * 0.6], [0, 1, reach]], np.float32)
    fallen = cv2.blur(cv2.warpAffine(laid[..., 3], fall, (width, height)), (reach, reach))
    return Layer(laid, np.asarray(place.shadow * fallen[..., None], np.float32), cut_out.name)


def draw_place(rng: np.random.Generator, size: tuple[int, int], low: float = 0.07, high: float = 0.6) -> Pose:
    """Anywhere in a picture (height, width); the longest side is a share from low to high of the picture's mean one."""
    height, width = size
    side = float(np.exp(rng.uniform(np.log(low), np.log(high)))) * (height + width) / 2
    margins = (0.35 * min(side, length) for length in (width, height))
    x, y = (
        float(rng.uniform(margin, length - margin)) for margin, length in zip(margins, (width, height), strict=True)
    )
    shadow = float(rng.uniform(0.15, 0.5)) if rng.random() < 0.35 else 0.0
    return Pose(x, y, side, float(rng.normal(0, 8)), shadow)
