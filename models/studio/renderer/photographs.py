"""Pictures with nothing of the studio's world in them, which its models must learn to recognise as foreign."""

from __future__ import annotations

import cv2
import numpy as np

from editjudge.types import Image
from studio.renderer.backgrounds import KINDS, Background, draw_background, photo, photo_crop
from studio.renderer.world import PHOTOS_HELD_OUT, PHOTOS_TRAIN

FURTHER_PHOTOS = ("chessboard_RGB", "clock_motion", "color", "logo", "motorcycle_left", "phantom")
"""More pictures that scikit-image carries: unsuitable as backgrounds, but without anything of the studio's world."""

SIDE = 160


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
