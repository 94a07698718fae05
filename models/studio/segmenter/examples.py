"""Examples for the studio's segmenter: rendered scenes, boxes around their objects, and exact masks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.renderer.scene import SceneRules, boxes_of, random_scene, render
from studio.renderer.varied import vary_rules
from studio.renderer.world import STYLES

SIZE = 192
"""Pixels of a side of the model's input."""
LOW = 96
"""Pixels of a side of the masks that it predicts."""
MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
PROMPTS = 4
"""Boxes in a training picture."""
TRAIN, HELD_OUT = 1, 2
"""The first numbers of the seeds."""
RULES = SceneRules(count=(2, 6), size=(0.13, 0.55), overlap=0.3)
"""More varied than in the evaluation: edits resize and move objects, and detectors find parts of them."""


@dataclass(frozen=True)
class SegmenterExample:
    """A picture with boxes, and the masks of what is in them.

    Attributes:
        pixels: float32[3, 192, 192], normalised, zero where padded.
        boxes: float32[N, 4] x0, y0, x1, y1 in pixels of the picture.
        low: float32[N, 96, 96], the share of a cell that the object covers.
        masks: bool[N, 192, 192].
    """

    pixels: NDArray[np.float32]
    boxes: NDArray[np.float32]
    low: NDArray[np.float32]
    masks: NDArray[np.bool_]


def normalise(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8[H, W, 3] -> float32[3, H, W] as the model expects it."""
    return np.ascontiguousarray(((image.astype(np.float32) / 255.0 - MEAN) / STD).transpose(2, 0, 1))


def shrink(masks: NDArray[np.bool_], side: int) -> NDArray[np.float32]:
    """bool[N, S, S] -> float32[N, side, side], averaged over areas."""
    return np.stack([cv2.resize(mask.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA) for mask in masks])


def jitter_boxes(boxes: NDArray[np.float32], rng: np.random.Generator, reach: float) -> NDArray[np.float32]:
    """The boxes with every edge moved by up to `reach` of the box's length across it, kept inside the picture."""
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    moved = boxes + sides * rng.uniform(-reach, reach, size=boxes.shape).astype(np.float32)
    return np.clip(moved, 0, SIZE).astype(np.float32)


def training_example(rng: np.random.Generator) -> SegmenterExample:
    """A scene as an app may send it: sometimes larger, noisy, in a style, or not square and therefore padded."""
    while True:
        scene = random_scene(rng, vary_rules(rng, RULES))
        if rng.random() < 0.06:
            scene = replace(scene, style=str(rng.choice(list(STYLES))))
        rendered = render(scene, SIZE if rng.random() < 0.75 else 2 * SIZE)
        image, masks = rendered.image, rendered.masks
        if image.shape[0] != SIZE:
            image = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        if rng.random() < 0.1:
            noise = rng.normal(0, rng.uniform(3, 25), size=image.shape)
            image = np.clip(image + noise, 0, 255).astype(np.uint8)
        pixels = normalise(image)
        low, full = shrink(masks, LOW), shrink(masks, SIZE) > 0.5
        if rng.random() < 0.15:
            # The right or lower part of a picture that is not square is zero when it reaches the model.
            end = int(rng.integers(SIZE // 4, SIZE // 2)) * 2
            axis = 1 if rng.random() < 0.5 else 2
            for array, end_here in ((pixels, end), (full, end), (low, end // 2)):
                np.moveaxis(array, axis, 0)[end_here:] = 0
        usable = np.flatnonzero(full.sum(axis=(1, 2)) >= 24)
        if len(usable):
            chosen = np.resize(rng.permutation(usable), PROMPTS)
            boxes = jitter_boxes(boxes_of(full[chosen]), rng, 0.08 * math.sqrt(rng.random()))
            return SegmenterExample(pixels, boxes, low[chosen], full[chosen])


def held_out_example(index: int, jitter: float = 0.0, padded: bool = False) -> SegmenterExample:
    """A scene on a background that no training sees, with the boxes of all objects that are visible to a quarter."""
    rng = np.random.default_rng((HELD_OUT, index))
    rendered = render(random_scene(rng, SceneRules(held_out=True)), SIZE)
    pixels, masks = normalise(rendered.image), rendered.masks.copy()
    if padded:
        pixels[:, 144:] = 0
        masks[:, 144:] = False
    masks = masks[(rendered.visible > 0.25) & (masks.sum(axis=(1, 2)) >= 100)]
    if not len(masks):
        return held_out_example(index + 1_000_000, jitter, padded)
    return SegmenterExample(pixels, jitter_boxes(boxes_of(masks), rng, jitter), shrink(masks, LOW), masks)
