"""Damage in steps: an edit that is well done, with more and more of the rest of the picture spoilt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from editjudge.types import Image
from studio.edits.candidates import edited_items
from studio.edits.edit_set import RenderedEdit
from studio.renderer.placing import place
from studio.renderer.scene import Item

STEPS = 4
"""Steps of damage; every one twice as much as the one before, as area times change."""
SIDE, LEVELS = 0.1, 30.0
"""Of the first step: the side of its square, as a share of the canvas, and the mean change in it, in levels."""
WIDE, WEAK = 0.16, 12.0
"""The same of a square that is spoilt ever more strongly: the least that can be seen."""


@dataclass(frozen=True)
class Patch:
    """A square that is spoilt: its centre and side as shares of the canvas, and its mean change in levels."""

    x: float
    y: float
    side: float
    levels: float


SPOILT: Mapping[str, Callable[[Image], Image]] = {
    "blackened": lambda patch: patch // 8,
    "inverted": lambda patch: 255 - patch,
    "tinted": lambda patch: np.clip(patch + np.float32([75, -75, 15]), 0, 255).astype(np.uint8),
    "blurred": lambda patch: np.asarray(cv2.GaussianBlur(patch, (0, 0), patch.shape[0] / 5), np.uint8),
}
"""What may become of a square, before that is mixed with what it was."""


def damage_in_steps(rng: np.random.Generator, edit: RenderedEdit, good: Image) -> tuple[str, list[Image]] | None:
    """The name of a way to spoil a picture, and uint8[H, W, 3] of the picture as it is and after each step.

    Args:
        rng: Chooses the way, the places and what becomes of them.
        edit: What was asked for; its object is spared, as it was and as it should be.
        good: The edit well done.

    None where there is no room, or where what is there cannot be changed as strongly.
    """
    way = str(rng.choice(list(WAYS)))
    steps = WAYS[way](rng, edited_items(edit.edit))
    if steps is None:
        return None
    for kind in rng.permutation(list(SPOILT)):
        spoilt = [picture for patches in steps if (picture := spoil(good, str(kind), patches)) is not None]
        if len(spoilt) == STEPS:
            return way, [good, *spoilt]
    return None


def spoil(picture: Image, kind: str, patches: tuple[Patch, ...]) -> Image | None:
    """The picture with squares that are spoilt; None where they cannot be changed so strongly."""
    height, width = picture.shape[:2]
    spoilt = picture.copy()
    for patch in patches:
        rows, columns = (
            slice(round((middle - patch.side / 2) * length), round((middle + patch.side / 2) * length))
            for middle, length in ((patch.y, height), (patch.x, width))
        )
        before = picture[rows, columns]
        change = SPOILT[kind](before).astype(np.float32) - before
        mean = float(np.abs(change).mean())
        if mean < patch.levels:
            return None
        spoilt[rows, columns] = np.rint(before + change * (patch.levels / mean)).astype(np.uint8)
    return spoilt


DamageSteps = list[tuple[Patch, ...]]


def _spoil_more(rng: np.random.Generator, spared: tuple[Item, ...]) -> DamageSteps | None:
    """Ever more squares of one size."""
    places: list[Item] = []
    for _ in range(2 ** (STEPS - 1)):
        at = place(rng, Item("", 0.5, 0.5, SIDE), (*spared, *places))
        if at is None:
            return None
        places.append(at)
    patches = [Patch(at.x, at.y, SIDE, LEVELS) for at in places]
    return [tuple(patches[: 2**step]) for step in range(STEPS)]


def _spoil_wider(rng: np.random.Generator, spared: tuple[Item, ...]) -> DamageSteps | None:
    """An ever larger square."""
    sides = [SIDE * 2 ** (step / 2) for step in range(STEPS)]
    at = place(rng, Item("", 0.5, 0.5, sides[-1]), spared)
    return None if at is None else [(Patch(at.x, at.y, side, LEVELS),) for side in sides]


def _spoil_harder(rng: np.random.Generator, spared: tuple[Item, ...]) -> DamageSteps | None:
    """A square that changes ever more."""
    at = place(rng, Item("", 0.5, 0.5, WIDE), spared)
    return None if at is None else [(Patch(at.x, at.y, WIDE, WEAK * 2**step),) for step in range(STEPS)]


WAYS: Mapping[str, Callable[[np.random.Generator, tuple[Item, ...]], DamageSteps | None]] = {
    "more places": _spoil_more,
    "larger": _spoil_wider,
    "stronger": _spoil_harder,
}
"""How damage may grow."""
