"""Edits to be timed: photographs of which a part is tinted, every one with a new instruction and some candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

import cv2
import numpy as np

from benchmarks.speedup.reference import FRAME
from editjudge.image.boxes import Box
from editjudge.types import EditIntent, Image
from editjudge_export.verification.photographs import photographs

KINDS = ("color", "add")
"""The released code makes four calls to its language model for an edit of what is there, and six for an add."""
COLOURS = {"blue": (30, 60, 220), "red": (220, 30, 30), "green": (30, 180, 60), "white": (240, 240, 240)}
THINGS = ("cup", "table", "chair", "house", "car", "boat", "bench", "hat", "shirt", "lamp", "bus", "flower", "ball")
ANCHOR = "tree"
DRIFT = 15
"""Grey levels. The squares of greater differences wrap around in the released code's uint8."""
LOCAL_SIDE = 158
"""Pixels of the object of a local edit, which is a square of a tenth of the picture."""
ANCHOR_SIDE = 80


@dataclass(frozen=True)
class TimedEdit:
    """An edit that both sides score.

    Attributes:
        kind: One of KINDS.
        original: uint8[500, 500, 3].
        candidates: As many edited pictures of the same shape as are ranked.
        intent: What is asked for.
        instruction: The same in words.
        boxes: Where the pictures show what is named, by phrase; only of local edits.
    """

    kind: str
    original: Image
    candidates: list[Image]
    intent: EditIntent
    instruction: str
    boxes: Mapping[str, Box] = field(default_factory=dict)


def edits(count: int, kinds: tuple[str, ...] = KINDS, candidates: int = 1) -> list[list[TimedEdit]]:
    """`count` rounds with an edit of each kind. No instruction is repeated before all words were used."""
    pictures = [_crop_to_frame(picture) for picture in photographs()]
    words = list(product(COLOURS, THINGS))
    rounds = []
    for turn in range(count):
        # Successive edits differ in colour and in thing, as 5 is coprime to the number of pairs.
        colour, thing = words[5 * turn % len(words)]
        original = pictures[turn % len(pictures)]
        changed = [_tint(original, turn, COLOURS[colour], 1 - 0.1 * index) for index in range(candidates)]
        rounds.append([TimedEdit(kind, original, changed, *_describe(kind, colour, thing)) for kind in kinds])
    return rounds


def local_edits(count: int, candidates: int = 1) -> list[list[TimedEdit]]:
    """As `edits`, of which each changes one object and nothing else; after those of each kind one more, for ranking."""
    pictures = [_crop_to_frame(picture) for picture in photographs()]
    words = list(product(COLOURS, THINGS))
    kinds = (*KINDS, KINDS[0])
    rounds = []
    for turn in range(count):
        numbers = range(len(kinds) * turn, len(kinds) * (turn + 1))
        made = []
        for number, kind in zip(numbers, kinds, strict=True):
            picture, named = pictures[number % len(pictures)], words[5 * number % len(words)]
            made.append(_change_object(picture, number, kind, named, candidates))
        rounds.append(made)
    return rounds


def _change_object(picture: Image, seed: int, kind: str, words: tuple[str, str], candidates: int) -> TimedEdit:
    """Near the middle, so that a window round it does not end with the picture; an anchor is left of it."""
    middle = np.random.default_rng(seed).integers(FRAME * 2 // 5, FRAME * 3 // 5, size=2)
    box = _square(middle, LOCAL_SIDE)
    left, top, right, bottom = box.astype(int).tolist()
    changed = []
    for index in range(candidates):
        share = 0.9 - 0.05 * index
        edited = picture.copy()
        part = edited[top:bottom, left:right]
        part[:] = ((1 - share) * part + share * np.array(COLOURS[words[0]])).astype(np.uint8)
        changed.append(edited)
    intent, instruction = _describe(kind, *words)
    named = [phrase for phrase in (intent.source, intent.target) if phrase]
    beside = _square(np.array([ANCHOR_SIDE * 0.55, middle[1]]), ANCHOR_SIDE)
    boxes = {**dict.fromkeys(named, box), **({intent.anchor: beside} if intent.anchor else {})}
    return TimedEdit(kind, picture, changed, intent, instruction, boxes)


def _square(middle: Box, side: int) -> Box:
    return np.concatenate([middle - side / 2, middle + side / 2]).astype(np.float32)


def _describe(kind: str, colour: str, thing: str) -> tuple[EditIntent, str]:
    if kind == "add":
        intent = EditIntent("add", None, f"{colour} {thing}", ANCHOR, position="right")
        return intent, f"add a {colour} {thing} to the right of the {ANCHOR}"
    return EditIntent("color", thing, f"{colour} {thing}"), f"make the {thing} {colour}"


def _crop_to_frame(picture: Image) -> Image:
    """The square in the middle at the size of the released code's frame, to which it would be scaled anyway."""
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return np.asarray(cv2.resize(picture[top : top + side, left : left + side], (FRAME, FRAME)), dtype=np.uint8)


def _tint(picture: Image, seed: int, colour: tuple[int, int, int], share: float) -> Image:
    """Tints a square somewhere, a third as wide as the picture, with a share of the colour.

    The rest is changed too, more and more towards the right, so that what is preserved depends on where the masks are.
    """
    top, left = np.random.default_rng(seed).integers(FRAME * 2 // 3, size=2)
    drift = np.linspace(0, DRIFT, FRAME).astype(np.uint8)
    edited = np.minimum(picture, 255 - DRIFT) + drift[None, :, None]
    part = edited[top : top + FRAME // 3, left : left + FRAME // 3]
    part[:] = ((1 - share) * part + share * np.array(colour)).astype(np.uint8)
    return edited
