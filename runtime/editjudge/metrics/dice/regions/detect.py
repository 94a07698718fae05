"""Finds the regions that changed: by pixels alone, or by the bundle's network with the pixels to confirm it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.dice.regions.kind import tell_kind, to_lab
from editjudge.metrics.dice.regions.moves import pair_moves
from editjudge.metrics.dice.regions.network import leave_covered, leave_explained, see_places
from editjudge.metrics.dice.regions.pixels import SmallPair, find_places, is_stamp
from editjudge.metrics.dice.regions.region import ChangedRegion, SmallLab
from editjudge.models.difference_detector import DifferenceDetector
from editjudge.types import Floats, Image

MOST = 32
"""Differences that are listed."""
MARGIN = 8
"""Pixels round a place that are looked at to tell its kind."""
SURE = 0.65
"""The network's confidence in the surest difference of a pair from which those that it is less sure of count too: what
is no edit may look like one here and there, but nowhere clearly so."""
TRUSTED = 0.7
"""How much the outlines in the pixels count beside the network, for the kind of a difference."""
OVERLOOKED = 5000.0
"""The energy of a place from which it is told although the network does not see it: nuisances have less."""
EVEN, STEEPNESS = 3500.0, 1.1
"""The energy of a place that is as likely right as wrong where the pixels alone tell, and how fast that turns: fitted
on training pairs, where 0.95 of those over 0.8 are right, and 0.01 of those under 0.2."""
MANY = 20_000.0
"""The energy of all such places together from which they are told one by one."""
DOUBTED = 0.5
"""What is left of the confidence in a place that the network does not see."""
NARROW = 48
"""Pixels of the shorter side of the small pictures under which the network, which sees squares, is not asked."""
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

    def enlarge(self, box: Floats, height: int, width: int) -> Floats:
        """A box float32[4] of the small pictures, in pixels of ones of height x width."""
        return box * np.array([width / self.width, height / self.height] * 2, np.float32)


def detect_regions(
    original: Image, aligned: AlignedImage, network: DifferenceDetector | None = None
) -> DetectedRegions:
    """The regions in which an edited picture differs from its original uint8[H, W, 3].

    network: the bundle's; None: it has none, and the pixels alone tell.
    """
    pair = SmallPair.of(original, aligned)
    pictures = SmallLab(to_lab(pair.original), to_lab(pair.edited))
    whole = _find_whole(pair)
    if whole or min(pair.gap.shape) < NARROW:
        network = None
    if aligned.changes.kind != "edit":
        regions = []
    elif network is not None:
        regions = list(_find_by_network(pictures, pair, network))
    else:
        places = whole or find_places(pair)
        regions = [_describe(pictures, pair, place) for place in places if not is_stamp(place)]
    regions.sort(key=lambda region: -region.energy)
    kept = tuple(regions[:MOST])
    partners = pair_moves(pictures.original, pictures.edited, kept)
    return DetectedRegions(
        kept, partners, len(regions) - len(kept), "pixels" if network is None else "network", pictures
    )


def _find_by_network(pictures: SmallLab, pair: SmallPair, network: DifferenceDetector) -> Iterator[ChangedRegion]:
    """What the network sees, where it is sure of something, and what is so strong that it must have overlooked it."""
    seen = [place for place in leave_explained(see_places(network, pair), pair) if not is_stamp(place.mask)]
    if seen and seen[0].confidence >= SURE:
        for place in seen:
            region = _describe(pictures, pair, place.mask)
            kinds = place.kinds * region.kinds**TRUSTED
            yield replace(region, kinds=kinds / kinds.sum(), confidence=place.confidence)
    left = [
        _describe(pictures, pair, place)
        for place in leave_covered(find_places(pair), seen, pair)
        if not is_stamp(place)
    ]
    many = sum(region.energy for region in left) >= MANY
    for region in left:
        if many or region.energy >= OVERLOOKED:
            yield replace(region, confidence=DOUBTED * region.confidence)


def _find_whole(pair: SmallPair) -> list[NDArray[np.bool_]]:
    """All of the picture, where most of it and all of its sides changed; else nothing."""
    changed = pair.gap > pair.threshold
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if changed.mean() < WHOLE or len(rows) < 0.95 * len(changed) or len(columns) < 0.95 * changed.shape[1]:
        return []
    return [np.ones(changed.shape, bool)]


def _describe(pictures: SmallLab, pair: SmallPair, place: NDArray[np.bool_]) -> ChangedRegion:
    """A region of a place bool[h, w], with its kind."""
    rows, columns = np.flatnonzero(place.any(axis=1)), np.flatnonzero(place.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    near = slice(max(0, top - MARGIN), bottom + MARGIN), slice(max(0, left - MARGIN), right + MARGIN)
    box = np.array([left, top, right, bottom], np.float32)
    mask = place[top:bottom, left:right]
    energy = max(1.0, float(pair.gap[top:bottom, left:right][mask].sum()))
    kinds = tell_kind(pictures.original[near], pictures.edited[near], place[near])
    return ChangedRegion(box, mask, energy, kinds, rate(energy))


def rate(energy: float) -> float:
    """How likely a place is one difference, by how strong it is, where the pixels alone tell."""
    return float(1 / (1 + (EVEN / energy) ** STEEPNESS))
