"""Pairs of pictures with all that differs between them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.dice.difference import Change, Corners
from editjudge.types import EditIntent, Image

NOTICEABLE = 10
"""Levels, in some channel, from which a pixel is changed."""
LEAST_SHARE = 0.0008
"""Of the picture's pixels: what changes fewer cannot be seen, and is no change."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LabelledChange:
    """One difference.

    Attributes:
        change: What was done.
        box: The tight box of the mask, in the frame of the pair.
        mask: bool[H, W], the pixels that this change alone alters noticeably.
        coherent: Whether it was asked for; None where nothing was asked.
        element: What it is; None where that is not known.
        partner: The index of the other half of a move.
    """

    change: Change
    box: Corners
    mask: Mask
    coherent: bool | None = None
    element: str | None = None
    partner: int | None = None


@dataclass(frozen=True, eq=False)
class LabelledPair:
    """Two pictures uint8[H, W, 3] RGB of one size.

    Attributes:
        original, edited: The pictures, the edited one with whatever drift was left on it.
        changes: All that differs, in the original's frame; drift is none of it.
        instruction, intents: What was asked for; None and none where nothing was.
        origin: Where the pair comes from, and what was done: "studio/damaged", "composites/add+move", "alike/scene",
            "nuisances/photograph".
    """

    original: Image
    edited: Image
    changes: tuple[LabelledChange, ...]
    instruction: str | None
    intents: tuple[EditIntent, ...]
    origin: str


def differing(one: Image, other: Image) -> Mask:
    """bool[H, W]: where two pictures uint8[H, W, 3] differ noticeably."""
    return np.asarray(cv2.absdiff(one, other).max(axis=2) >= NOTICEABLE)


def is_seen(mask: Mask) -> bool:
    """Whether enough pixels are changed for it to be a change."""
    return float(mask.mean()) >= LEAST_SHARE


def tight_box(mask: Mask) -> Corners:
    """The box around a mask bool[H, W] that is not empty, in pixels, ends exclusive."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
