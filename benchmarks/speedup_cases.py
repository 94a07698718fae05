"""Edits to be timed: photographs with a part of them tinted, a new instruction each time, and candidates of each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from editjudge.types import EditIntent, Image
from editjudge_export.photographs import photographs
from reference import FRAME

KINDS = ("color", "add")
"""Of what is there, for which the released code makes four calls to its language model; and of what is not: six."""
COLOURS = {"blue": (30, 60, 220), "red": (220, 30, 30), "green": (30, 180, 60), "white": (240, 240, 240)}
THINGS = ("cup", "table", "chair", "house", "car", "boat", "bench", "hat", "shirt", "lamp", "bus", "flower", "ball")
ANCHOR = "tree"
DRIFT = 15
"""Greater differences the released code's uint8 does not tell from smaller ones."""


@dataclass(frozen=True)
class Edit:
    """original, candidates: uint8[500, 500, 3]. instruction: says what the intent is."""

    kind: str
    original: Image
    candidates: list[Image]
    intent: EditIntent
    instruction: str


def edits(count: int, kinds: tuple[str, ...] = KINDS, candidates: int = 1) -> list[list[Edit]]:
    """`count` rounds with an edit of each kind. No instruction comes twice as long as there are words."""
    pictures = [_framed(picture) for picture in photographs()]
    words = list(product(COLOURS, THINGS))
    found = []
    for turn in range(count):
        # Neighbours differ in colour and in thing, as 5 is prime to the number of words.
        colour, thing = words[5 * turn % len(words)]
        original = pictures[turn % len(pictures)]
        changed = [_tinted(original, turn, COLOURS[colour], 1 - 0.1 * index) for index in range(candidates)]
        found.append([Edit(kind, original, changed, *_meaning(kind, colour, thing)) for kind in kinds])
    return found


def _meaning(kind: str, colour: str, thing: str) -> tuple[EditIntent, str]:
    if kind == "add":
        intent = EditIntent("add", None, f"{colour} {thing}", ANCHOR, position="right")
        return intent, f"add a {colour} {thing} to the right of the {ANCHOR}"
    return EditIntent("color", thing, f"{colour} {thing}"), f"make the {thing} {colour}"


def _framed(picture: Image) -> Image:
    """The square in the middle, as large as the released code's frame, which it would be brought to anyway."""
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return np.asarray(cv2.resize(picture[top : top + side, left : left + side], (FRAME, FRAME)), dtype=np.uint8)


def _tinted(picture: Image, seed: int, colour: tuple[int, int, int], share: float) -> Image:
    """A third of the sides is tinted, somewhere; share: how much of it is the colour's.

    The rest is changed too, ever more to the right: so what is preserved hangs on where the masks are.
    """
    top, left = np.random.default_rng(seed).integers(FRAME * 2 // 3, size=2)
    drift = np.linspace(0, DRIFT, FRAME).astype(np.uint8)
    edited = np.minimum(picture, 255 - DRIFT) + drift[None, :, None]
    part = edited[top : top + FRAME // 3, left : left + FRAME // 3]
    part[:] = ((1 - share) * part + share * np.array(colour)).astype(np.uint8)
    return edited
