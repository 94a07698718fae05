"""Where objects can stand: free places, relations between objects, areas and boxes as drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from editjudge.types import Image
from studio.renderer.backgrounds import Background
from studio.renderer.scene import Item, Rendered, Scene, fits, render

OVERLAP = 0.03
PROBE = 96
"""Pixels of a side, enough to compare areas and looks."""


def inside(item: Item) -> bool:
    """Whether the item's square lies on the canvas."""
    half = item.size / 2
    return half <= item.x <= 1 - half and half <= item.y <= 1 - half


def free(item: Item, others: tuple[Item, ...]) -> bool:
    """Whether the item is on the canvas and touches no other."""
    return inside(item) and fits(item, others, OVERLAP)


def place(
    rng: np.random.Generator,
    item: Item,
    others: tuple[Item, ...],
    accept: Callable[[Item], bool] = lambda _: True,
    tries: int = 150,
) -> Item | None:
    """The item at a random free place that `accept` agrees to; None if no such place was found."""
    half = item.size / 2
    for _ in range(tries):
        moved = replace(item, x=float(rng.uniform(half, 1 - half)), y=float(rng.uniform(half, 1 - half)))
        if accept(moved) and free(moved, others):
            return moved
    return None


def offset(item: Item, way: str, reference: Item) -> tuple[float, float]:
    """How far the item lies left, right, up or down of the reference, and how far across that."""
    right, down = item.x - reference.x, item.y - reference.y
    return {"left": (-right, down), "right": (right, down), "up": (-down, right), "down": (down, right)}[way]


def stands(item: Item, position: str, reference: Item) -> bool:
    """Whether the item clearly stands in the relation to the reference: well beyond the thresholds of S_position."""
    reach = (item.size + reference.size) / 2
    if position == "near":
        return max(abs(item.x - reference.x), abs(item.y - reference.y)) <= reach + 0.05
    along, across = offset(item, position, reference)
    return along >= max(0.9 * reach, 0.2) and along >= 2 * abs(across)


def might_stand(item: Item, position: str, reference: Item) -> bool:
    """Whether the item could pass for standing in the relation to the reference."""
    right, down = item.x - reference.x, item.y - reference.y
    if position == "near":
        return float(np.hypot(right, down)) < item.size + reference.size
    return {"left": right < 0, "right": right > 0, "up": down < 0, "down": down > 0}[position]


def elsewhere(item: Item, other: Item) -> bool:
    """Whether an object at its two places hardly overlaps with itself."""
    return float(np.hypot(item.x - other.x, item.y - other.y)) > 0.8 * max(item.size, other.size)


def with_item(scene: Scene, index: int, item: Item | None) -> Scene:
    """The scene with one object exchanged for another, or without it."""
    replacement = () if item is None else (item,)
    return replace(scene, items=scene.items[:index] + replacement + scene.items[index + 1 :])


def without(scene: Scene, index: int) -> tuple[Item, ...]:
    """The other objects."""
    return scene.items[:index] + scene.items[index + 1 :]


@lru_cache(maxsize=4096)
def alone(item: Item) -> Rendered:
    """The item drawn by itself in the middle of a small picture."""
    return render(Scene(Background("gradient", 0), (replace(item, x=0.5, y=0.5),)), PROBE)


def area(item: Item) -> float:
    """The area of the item as drawn, as a share of the canvas."""
    return float(alone(item).masks[0].mean())


def differs(one: Item, other: Item) -> bool:
    """Whether a change of paint is clearly visible: a red apple painted red is no edit."""
    first, second = alone(one), alone(other)
    return float(np.abs(_pixels(first.image, first.masks[0]) - _pixels(second.image, first.masks[0])).mean()) > 45


def _pixels(image: Image, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    return image[mask].astype(np.float32)


def box_iou(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Intersection over union of two boxes x0, y0, x1, y1."""
    width, height = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    if width <= 0 or height <= 0:
        return 0.0
    shared = float(width * height)
    areas = [float((box[2] - box[0]) * (box[3] - box[1])) for box in (one, other)]
    return shared / (sum(areas) - shared)
