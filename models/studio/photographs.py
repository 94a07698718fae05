"""Photographs with nothing of the studio's world in them: what its models must know that they do not know."""

from __future__ import annotations

import cv2
import numpy as np

from studio.backgrounds import KINDS, Background, draw_background, photo, photo_crop
from studio.scene import Image
from studio.world import PHOTOS_HELD_OUT, PHOTOS_TRAIN

ALSO = ("chessboard_RGB", "clock_motion", "color", "logo", "motorcycle_left", "phantom")
"""Further pictures that scikit-image carries: no backgrounds for scenes, but nothing of the studio's world either."""


def photograph(rng: np.random.Generator, held_out: bool = False) -> Image:
    """A picture with nothing of the studio's world in it.

    Held out: a photograph, or a crop of one. In training also an empty background, mirrored, its colours shifted, or
    with pieces of another photograph laid on.
    """
    names = PHOTOS_HELD_OUT if held_out else PHOTOS_TRAIN + ALSO
    name = str(rng.choice(names))
    image = photo_crop(name, rng, 160) if rng.random() < 0.8 else photo(name)
    if not held_out and rng.random() < 0.25:
        image = draw_background(Background(str(rng.choice(KINDS[:3])), int(rng.integers(2**31))), 160)
    if held_out:
        return image
    if rng.random() < 0.5:
        image = image[:, ::-1]
    if rng.random() < 0.3:
        other = photo_crop(str(rng.choice(names)), rng, 160)
        image = _pasted(rng, np.ascontiguousarray(cv2.resize(image, (160, 160), interpolation=cv2.INTER_AREA)), other)
    if rng.random() < 0.5:
        gain, bias = rng.uniform(0.6, 1.3, 3), rng.uniform(-30, 30, 3)
        image = np.clip(image * gain + bias, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        image = image[..., rng.permutation(3)]
    return np.ascontiguousarray(image)


def _pasted(rng: np.random.Generator, image: Image, other: Image) -> Image:
    """Pieces of another photograph laid on: a shape that stands out is not yet an object of the studio."""
    mask = np.zeros(image.shape[:2], np.uint8)
    for _ in range(int(rng.integers(1, 5))):
        centre, axes = rng.integers(16, 144, 2).tolist(), rng.integers(10, 36, 2).tolist()
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.5, 4)))[..., None] / 255.0
    return (image * (1 - soft) + other * soft).astype(np.uint8)
