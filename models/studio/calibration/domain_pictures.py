"""Pictures of the studio's world and others, as the domain probe sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from editjudge.types import Image
from studio.clip.crops import disturb
from studio.edits.damage import Flaw, inflict
from studio.edits.edit import EDIT_RULES
from studio.renderer.backgrounds import KINDS, Background
from studio.renderer.patterns import PATTERNS
from studio.renderer.photographs import CANVASES, pick_path
from studio.renderer.scene import SceneRules, random_scene, render

WIDE_RULES = (
    SceneRules(count=(1, 5), size=(0.18, 0.46), cut=0.2, alike=0.15, backgrounds=(*KINDS, *PATTERNS)),
    SceneRules(count=(2, 5), size=(0.18, 0.46), cut=0.2, alike=0.15, backgrounds=tuple(PATTERNS)),
    SceneRules(count=(1, 2), size=(0.4, 0.9), cut=0.3, backgrounds=(*KINDS, *PATTERNS)),
    SceneRules(count=(2, 5), size=(0.08, 0.18), backgrounds=KINDS[:3]),
)
WIDE = 0.4
"""The share of scenes by wider rules: fewer, smaller and larger objects, some of them cut, and patterns behind."""
OTHER_BACKGROUND = 0.75
"""The share of scenes before photographs whose photograph is one of a package, in place of scikit-image's."""
EDGES = (cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT, cv2.BORDER_CONSTANT)


def draw_scene(rng: np.random.Generator, photographs: Sequence[Path], held_out: bool = False) -> Image:
    """A scene; some of those not held out stand before one of the photographs, and some follow wider rules."""
    rules = EDIT_RULES if held_out or rng.random() > WIDE else WIDE_RULES[int(rng.integers(len(WIDE_RULES)))]
    scene = random_scene(rng, replace(rules, held_out=held_out))
    before_photograph = scene.background.kind == "photo" and rng.random() < OTHER_BACKGROUND
    if not held_out and (before_photograph or rng.random() < 0.05):
        scene = replace(scene, background=Background("photo", int(rng.integers(2**31)), pick_path(rng, photographs)))
    return disturb(rng, render(scene, int(rng.choice(CANVASES))).image, strong=0.0)


def drift(rng: np.random.Generator, image: Image) -> Image:
    """What happens to any picture on its way: compression, a border, a shift, another size, tone or grain."""
    if rng.random() < 0.2:
        scale = rng.uniform(0.35, 1.0)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR).astype(np.uint8)
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
    if rng.random() < 0.15:
        image = inflict(image, Flaw("grain", int(rng.integers(2**31)), float(rng.uniform(1, 12))))
    return image
