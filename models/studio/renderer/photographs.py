"""Pictures with nothing of the studio's world in them, which its models must learn to recognise as foreign."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.types import Image
from studio.renderer.backgrounds import KINDS, Background, draw_background, photo, photo_crop
from studio.renderer.patterns import PATTERNS
from studio.renderer.world import PHOTOS_HELD_OUT, PHOTOS_TRAIN

FURTHER_PHOTOS = ("chessboard_RGB", "clock_motion", "color", "logo", "motorcycle_left", "phantom")
"""More pictures that scikit-image carries: unsuitable as backgrounds, but without anything of the studio's world."""

SIDE = 160
CANVASES = (160, 320)


def held_out_photograph(rng: np.random.Generator) -> Image:
    """uint8[H, W, 3]: a photograph kept from training, or a crop of one."""
    name = str(rng.choice(PHOTOS_HELD_OUT))
    return photo_crop(name, rng, SIDE) if rng.random() < 0.8 else photo(name)


def photograph(rng: np.random.Generator) -> Image:
    """uint8[SIDE, SIDE, 3]: a photograph or an empty background, changed in many ways, as there are few of them.

    It is turned and mirrored, covered with shapes that are filled with other pictures or plain colours, and its colours
    shift.
    """
    image = _turn(rng, _draw_empty(rng) if rng.random() < 0.2 else _crop_close_up(rng))
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 7))):
            image = _overlay_shape(rng, image)
    if rng.random() < 0.5:
        gain, bias = rng.uniform(0.5, 1.4, 3), rng.uniform(-40, 40, 3)
        image = np.clip(image * gain + bias, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        image = image[..., rng.permutation(3)]
    return np.ascontiguousarray(image)


def _draw_empty(rng: np.random.Generator) -> Image:
    return draw_background(Background(str(rng.choice(KINDS[:3])), int(rng.integers(2**31))), SIDE)


def _crop_close_up(rng: np.random.Generator) -> Image:
    """A square of between a sixth and all of a photograph's short side."""
    square = photo_crop(str(rng.choice(PHOTOS_TRAIN + FURTHER_PHOTOS)), rng, 2 * SIDE)
    side = int(2 * SIDE * min(1.0, rng.uniform(0.3, 1.6)))
    left, top = rng.integers(0, 2 * SIDE - side + 1, 2)
    return cv2.resize(square[top : top + side, left : left + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _turn(rng: np.random.Generator, image: Image) -> Image:
    """The picture at another angle, and mirrored half of the time."""
    angle = float(rng.choice([0, 90, 180, 270])) if rng.random() < 0.6 else float(rng.uniform(0, 360))
    turn = cv2.getRotationMatrix2D(((SIDE - 1) / 2, (SIDE - 1) / 2), angle, 1.0)
    turned = cv2.warpAffine(image, turn, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return turned[:, ::-1] if rng.random() < 0.5 else turned


def _overlay_shape(rng: np.random.Generator, image: Image) -> Image:
    """The picture with a shape that stands out, but is no object of the studio."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    centre, reach = rng.integers(10, SIDE - 10, 2), int(rng.integers(8, 42))
    if rng.random() < 0.5:
        axes = (reach, int(reach * rng.uniform(0.3, 1.0)))
        cv2.ellipse(mask, centre.tolist(), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    else:
        corners = centre + rng.integers(-reach, reach + 1, (int(rng.integers(3, 8)), 2))
        cv2.fillPoly(mask, [cv2.convexHull(corners.astype(np.int32))], 255)
    if rng.random() < 0.5:
        filling = _crop_close_up(rng).astype(np.float32)
    else:
        shade = np.linspace(rng.uniform(0.4, 1.0), rng.uniform(0.8, 1.3), SIDE, dtype=np.float32)[:, None, None]
        filling = np.minimum(rng.uniform(0, 255, 3).astype(np.float32) * shade, 255.0)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.4, 3)))[..., None] / np.float32(255)
    return (image * (1 - soft) + filling * soft).astype(np.uint8)


def draw_foreign(rng: np.random.Generator, photographs: Sequence[Path], objects: Sequence[Path]) -> Image:
    """A photograph or a part of one, mirrored half of the time; a few are altered, or photographed objects laid out.

    objects: files of objects cut out of photographs.
    """
    chance = rng.random()
    if chance < 0.06:
        return photograph(rng)
    if chance < 0.1:
        return draw_background(Background(str(rng.choice(tuple(PATTERNS))), int(rng.integers(2**31))), CANVASES[0])
    if chance < 0.28:
        return lay_out(rng, photographs, objects)
    image = photo(pick_path(rng, photographs))
    if rng.random() < 0.7:
        image = crop_photograph(rng, image)
    if rng.random() < 0.5:
        image = image[:, ::-1]
    if rng.random() < 0.1:
        image = image[..., rng.permutation(3)]
    if rng.random() < 0.1:
        image = _paste(rng, image, _cut_out(pick_path(rng, objects)))
    return np.ascontiguousarray(image)


def pick_path(rng: np.random.Generator, paths: Sequence[Path]) -> str:
    """Any of the files."""
    return str(paths[int(rng.integers(len(paths)))])


def crop_photograph(rng: np.random.Generator, image: Image) -> Image:
    """A part of the picture, of 0.35 to all of its short side."""
    height, width = image.shape[:2]
    share, stretch = rng.uniform(0.35, 1.0), np.exp(rng.uniform(-0.35, 0.35))
    rows = int(min(height, share * min(height, width) * stretch))
    columns = int(min(width, share * min(height, width) / stretch))
    top, left = rng.integers(height - rows + 1), rng.integers(width - columns + 1)
    return image[top : top + rows, left : left + columns]


def lay_out(rng: np.random.Generator, photographs: Sequence[Path], objects: Sequence[Path]) -> Image:
    """One to four photographed objects before what scenes stand before."""
    canvas, kind = int(rng.choice(CANVASES)), str(rng.choice((*KINDS, *KINDS, *PATTERNS)))
    if kind == "photo":
        image = photo_crop(pick_path(rng, photographs), rng, canvas)
    else:
        image = draw_background(Background(kind, int(rng.integers(2**31))), canvas)
    for _ in range(int(rng.integers(1, 5))):
        image = _paste(rng, image, _cut_out(pick_path(rng, objects)))
    return image


@cache
def _cut_out(name: str) -> NDArray[np.uint8]:
    """uint8[H, W, 4], RGBA."""
    return cv2.cvtColor(cv2.imread(name, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA).astype(np.uint8)


def _paste(rng: np.random.Generator, image: Image, cut_out: NDArray[np.uint8]) -> Image:
    """The picture with the object somewhere in it, turned a little, over its shadow half of the time."""
    height, width = image.shape[:2]
    scale = rng.uniform(0.18, 0.55) * min(height, width) / max(cut_out.shape[:2])
    if scale < 1:
        cut_out = cv2.resize(cut_out, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
    layer = cut_out.astype(np.float32) / 255
    layer[..., :3] *= layer[..., 3:]
    rows, columns = layer.shape[:2]
    angle = float(rng.normal(0, 12))
    turn = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), angle, max(1.0, scale))
    turn[:, 2] += rng.uniform(0.1, 0.9, 2) * (width, height) - (columns / 2, rows / 2)
    layer = cv2.warpAffine(layer[:, ::-1] if rng.random() < 0.5 else layer, turn, (width, height))
    alpha, under = layer[..., 3:], image.astype(np.float32) / 255
    if rng.random() < 0.5:
        reach = max(2, round(0.02 * min(height, width)))
        shadow = cv2.warpAffine(alpha, np.array([[1, 0, reach * 0.6], [0, 1, reach]], np.float32), (width, height))
        under *= 1 - rng.uniform(0.2, 0.6) * cv2.blur(shadow, (reach, reach))[..., None]
    return np.clip((layer[..., :3] + under * (1 - alpha)) * 255 + 0.5, 0, 255).astype(np.uint8)
