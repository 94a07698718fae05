"""A pair of photographs while it is being made, and what is done to it step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from editjudge.metrics.dice.difference import Change
from editjudge.types import EditIntent, Image
from studio.differences.cut_outs import Layer
from studio.differences.pair import LabelledChange, Mask, differing, is_seen, tight_box

CROWDED = 0.04
"""The share of a change that may be where another one is."""
VISIBLE = 0.25
"""The share of where a change may be that must differ: dark objects in the dark are no change."""


@dataclass(frozen=True)
class Wish:
    """What is asked for: the words, and what they mean."""

    instruction: str
    intent: EditIntent


@dataclass(frozen=True, eq=False)
class Stage:
    """Two pictures uint8[H, W, 3], equal but for the changes so far.

    Attributes:
        original, edited: The pictures.
        changes: What differs.
        taken: bool[H, W]: where something was changed or put.
        held_out: Whether all material is to be of what is held out.
        wish: What was asked for; its changes are the coherent ones.
    """

    original: Image
    edited: Image
    changes: tuple[LabelledChange, ...]
    taken: Mask
    held_out: bool
    wish: Wish | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.original.shape[:2]
        return height, width

    def is_free(self, mask: Mask) -> bool:
        """Whether hardly any of it is taken."""
        count = np.count_nonzero(mask)
        return bool(count > 0 and np.count_nonzero(mask & self.taken) <= CROWDED * count)


@dataclass(frozen=True)
class PlannedChange:
    """What is to be done: of what kind it is, bool[H, W] where it may be seen, and of what."""

    change: Change
    support: Mask
    element: str | None = None


def keep(stage: Stage, layer: Layer) -> Stage:
    """The stage with an object in both pictures, that stays as it is."""
    return replace(
        stage, original=layer.over(stage.original), edited=layer.over(stage.edited), taken=stage.taken | layer.solid
    )


def take(
    stage: Stage, original: Image, edited: Image, halves: tuple[PlannedChange, ...], wish: Wish | None
) -> Stage | None:
    """The stage after a change, or a move with its two halves; None if it can hardly be seen.

    Args:
        stage: What there is so far.
        original, edited: The pictures with this change.
        halves: What was done.
        wish: The words that ask for just this.
    """
    before, after = differing(stage.original, stage.edited), differing(original, edited)
    masks = [half.support if half.support.all() else after & half.support & ~(before & stage.taken) for half in halves]
    if not all(_is_visible(mask, half.support) for mask, half in zip(masks, halves, strict=True)):
        return None
    first = len(stage.changes)
    partners = (first + 1, first) if len(halves) == 2 else (None,)
    made = tuple(
        LabelledChange(half.change, tight_box(mask), mask, None, half.element, partner)
        for half, mask, partner in zip(halves, masks, partners, strict=True)
    )
    taken = stage.taken | np.any([half.support for half in halves], axis=0)
    asked = wish if not stage.changes else stage.wish
    return replace(stage, original=original, edited=edited, changes=(*stage.changes, *made), taken=taken, wish=asked)


def _is_visible(mask: Mask, support: Mask) -> bool:
    return is_seen(mask) and bool(np.count_nonzero(mask) >= VISIBLE * np.count_nonzero(support))
