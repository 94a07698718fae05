"""Pictures of the studio's world and others, as the domain probe sees them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from editjudge.types import Image
from studio.clip.crops import disturb
from studio.edits.damage import Flaw, inflict
from studio.edits.edit import EDIT_RULES
from studio.renderer.backgrounds import Background, photo
from studio.renderer.photographs import photograph
from studio.renderer.scene import random_scene, render

CANVASES = (160, 320)
OTHER_BACKGROUND = 0.75
"""The share of scenes before photographs whose photograph is one that CLIP never saw."""
EDGES = (cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT, cv2.BORDER_CONSTANT)


def draw_scene(rng: np.random.Generator, photographs: list[Path], held_out: bool = False) -> Image:
    """A scene; some of those not held out stand before one of the photographs."""
    scene = random_scene(rng, replace(EDIT_RULES, held_out=held_out))
    before_photograph = scene.background.kind == "photo" and rng.random() < OTHER_BACKGROUND
    if not held_out and (before_photograph or rng.random() < 0.1):
        name = str(photographs[int(rng.integers(len(photographs)))])
        scene = replace(scene, background=Background("photo", int(rng.integers(2**31)), name))
    return disturb(rng, render(scene, int(rng.choice(CANVASES))).image, strong=0.0)


def draw_foreign(rng: np.random.Generator, photographs: list[Path]) -> Image:
    """A photograph or a part of one, mirrored half of the time; a few are the odd ones that CLIP was trained on."""
    if rng.random() < 0.1:
        return photograph(rng)
    image = photo(str(photographs[int(rng.integers(len(photographs)))]))
    if rng.random() < 0.7:
        height, width = image.shape[:2]
        share, stretch = rng.uniform(0.35, 1.0), np.exp(rng.uniform(-0.35, 0.35))
        rows = int(min(height, share * min(height, width) * stretch))
        columns = int(min(width, share * min(height, width) / stretch))
        top, left = rng.integers(height - rows + 1), rng.integers(width - columns + 1)
        image = image[top : top + rows, left : left + columns]
    if rng.random() < 0.5:
        image = image[:, ::-1]
    return np.ascontiguousarray(image[..., rng.permutation(3)] if rng.random() < 0.1 else image)


def drift(rng: np.random.Generator, image: Image) -> Image:
    """What happens to any picture on its way: compression, a border, a shift, other brightness."""
    if rng.random() < 0.3:
        image = inflict(image, Flaw("jpeg", strength=float(rng.integers(40, 96))))
    if rng.random() < 0.25:
        width, grey = int(image.shape[0] * rng.uniform(0.01, 0.09)), int(rng.choice([255, 255, 0, rng.integers(256)]))
        image = cv2.copyMakeBorder(image, width, width, width, width, cv2.BORDER_CONSTANT, value=(grey,) * 3)
    if rng.random() < 0.25:
        across, down = rng.uniform(-0.06, 0.06, 2) * image.shape[0]
        move = np.array([[1, 0, across], [0, 1, down]], np.float32)
        image = cv2.warpAffine(image, move, image.shape[1::-1], borderMode=int(rng.choice(EDGES)))
    if rng.random() < 0.35:
        image = cv2.convertScaleAbs(image, alpha=float(rng.uniform(0.8, 1.2)), beta=float(rng.uniform(-15, 15)))
    return image
