"""Finds the regions that changed: by pixels alone, or by the bundle's network with the pixels to confirm it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.dice.regions.kind import tell_kind, to_lab
from editjudge.metrics.dice.regions.moves import pair_moves
from editjudge.metrics.dice.regions.pixels import SmallPair, find_places
from editjudge.metrics.dice.regions.region import ChangedRegion, SmallLab
from editjudge.types import Floats, Image

MOST = 32
"""Differences that are listed."""
MARGIN = 8
"""Pixels round a place that are looked at to tell its kind."""
WHOLE = 0.5
"""The share of a picture from which a change that reaches all of its sides is one of the whole picture."""


@dataclass(frozen=True, eq=False)
class DetectedRegions:
    """The regions of a pair.

    Attributes:
        regions: The strongest first.
        partners: The index of the other half for each half of a move.
        left_out: How many weaker ones there are besides.
        detector: What found them.
        pictures: The small ones, which boxes and masks are of.
    """

    regions: tuple[ChangedRegion, ...]
    partners: dict[int, int]
    left_out: int
    detector: Literal["network", "pixels"]
    pictures: SmallLab

    @property
    def height(self) -> int:
        """Pixels of the small pictures."""
        return int(self.pictures.original.shape[0])

    @property
    def width(self) -> int:
        """Pixels of the small pictures."""
        return int(self.pictures.original.shape[1])


def detect_regions(original: Image, aligned: AlignedImage) -> DetectedRegions:
    """The regions in which an edited picture differs from its original uint8[H, W, 3]."""
    pair = SmallPair.of(original, aligned)
    one, other = to_lab(pair.original), to_lab(pair.edited)
    pictures = SmallLab(one, other)
    if aligned.changes.kind != "edit":
        return DetectedRegions((), {}, 0, "pixels", pictures)
    regions = [_describe(one, other, pair, place) for place in _find_whole(pair) or find_places(pair)]
    regions.sort(key=lambda region: -region.energy)
    kept = tuple(regions[:MOST])
    return DetectedRegions(kept, pair_moves(one, other, kept), len(regions) - len(kept), "pixels", pictures)


def _find_whole(pair: SmallPair) -> list[NDArray[np.bool_]]:
    """All of the picture, where most of it and all of its sides changed; else nothing."""
    changed = pair.gap > pair.threshold
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if changed.mean() < WHOLE or len(rows) < 0.95 * len(changed) or len(columns) < 0.95 * changed.shape[1]:
        return []
    return [np.ones(changed.shape, bool)]


def _describe(one: Floats, other: Floats, pair: SmallPair, place: NDArray[np.bool_]) -> ChangedRegion:
    """A region of a place bool[h, w], with its kind; one, other: float32[h, w, 3], both pictures in CIE Lab."""
    rows, columns = np.flatnonzero(place.any(axis=1)), np.flatnonzero(place.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    near = slice(max(0, top - MARGIN), bottom + MARGIN), slice(max(0, left - MARGIN), right + MARGIN)
    box = np.array([left, top, right, bottom], np.float32)
    mask = place[top:bottom, left:right]
    energy = float(pair.gap[top:bottom, left:right][mask].sum())
    region = ChangedRegion(box, mask, energy, tell_kind(one[near], other[near], place[near]), 0.0)
    return replace(region, confidence=rate(region, pair))


def rate(region: ChangedRegion, pair: SmallPair) -> float:
    """How likely a region is one difference, by how strong it is."""
    logit = 1.1 * np.log(max(region.energy, 1.0) / 400.0)
    return float(1 / (1 + np.exp(-logit)))
