"""Moves: something removed in one place and added in another that looks the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editjudge.image.boxes import area
from editjudge.metrics.dice.regions.region import ChangedRegion
from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

SIDE = 24
"""Pixels of a side that both are brought to."""
SAME_SIZE = 1.8
"""The ratio of areas up to which both may be the same thing."""
ALIKE = 0.4
"""From 0, nothing in common, to 1: how alike both must look."""
REACH = 30.0
"""Units of CIE Lab between two pixels that have nothing in common."""


def pair_moves(original: Floats, edited: Floats, regions: Sequence[ChangedRegion]) -> dict[int, int]:
    """The index of the other half for each half of a move; the most alike are paired first.

    Args:
        original: float32[h, w, 3], the small original in CIE Lab.
        edited: The same of the edited picture.
        regions: Those that changed.
    """
    gone = [index for index, region in enumerate(regions) if region.change == "REMOVE"]
    new = [index for index, region in enumerate(regions) if region.change == "ADD"]
    if not gone or not new:
        return {}
    before = {index: _view(original, regions[index]) for index in gone}
    after = {index: _view(edited, regions[index]) for index in new}
    pairs = sorted(
        (
            (_likeness(before[one], after[other]), one, other)
            for one in gone for other in new
            if max(first := _area(regions[one]), second := _area(regions[other])) <= SAME_SIZE * min(first, second)
        ),
        reverse=True,
    )  # fmt: skip
    partners: dict[int, int] = {}
    for likeness, one, other in pairs:
        if likeness >= ALIKE and one not in partners and other not in partners:
            partners |= {one: other, other: one}
    return partners


def _view(picture: Floats, region: ChangedRegion) -> tuple[Floats, Floats]:
    """float32[SIDE, SIDE, 3] and [SIDE, SIDE]: a region's box, and how much of each pixel its mask covers."""
    view = cv2.resize(picture[region.window], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    mask = cv2.resize(region.mask.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(view, np.float32), np.asarray(mask, np.float32)


def _likeness(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float:
    """0 to 1: by the colours of the pixels that both masks cover, and by how far the masks are the same."""
    (view, mask), (second, room) = one, other
    both = np.minimum(mask, room)
    covered = float(both.sum()) / max(float(np.maximum(mask, room).sum()), 1e-6)
    apart = np.linalg.norm(view - second, axis=2)
    gap = float((apart * both).sum()) / max(float(both.sum()), 1e-6)
    return max(0.0, 1 - gap / REACH) * min(1.0, 1.25 * covered)


def _area(region: ChangedRegion) -> float:
    return max(1.0, area(region.box))
