"""The places where two pictures differ, by the bundle's network, brought to the pixels that did change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.image.boxes import iou
from editjudge.metrics.dice.regions.pixels import SmallPair
from editjudge.models.difference_detector import DetectedChanges, DifferenceDetector
from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

REACH = 0.15
"""How far beyond its box, as a share of it, the pixels of a difference may lie."""
SAME = 0.6
"""The IoU of the network's box and that of the pixels from which the latter is the difference's."""
LEAST = 0.9
"""Pixels of a side: what is narrower, as slivers at the end of a picture are, covers none."""
LIKELY = 0.5
"""How likely the network finds a pixel to have changed that counts as changed whatever it looks like."""
NEW = 0.5
"""The share of its energy that no surer difference has, of one that is told."""
COVERED = 0.5
"""The share of a place's energy in the network's boxes from which it is one of theirs."""


@dataclass(frozen=True, eq=False)
class SeenPlace:
    """A place that the network saw: its mask bool[h, w], kinds float32[3] and confidence."""

    mask: NDArray[np.bool_]
    kinds: Floats
    confidence: float


def see_places(network: DifferenceDetector, pair: SmallPair) -> list[SeenPlace]:
    """The differences that the network is sure enough of, the surest first."""
    found = network.find(pair.original, pair.edited)
    changed = pair.gap > pair.threshold
    height, width = changed.shape
    boxes = np.clip(found.boxes, 0, [width, height, width, height])
    seen = np.flatnonzero((boxes[:, 2:] - boxes[:, :2] > LEAST).all(axis=1))
    return [_place(found, index, changed) for index in seen.tolist()]


def leave_explained(seen: list[SeenPlace], pair: SmallPair) -> list[SeenPlace]:
    """Those that tell of something that no surer one does: not the box around several others, nor a part of one."""
    told = np.zeros(pair.gap.shape, bool)
    kept = []
    for place in seen:
        own = pair.gap[place.mask] + 1e-3
        if float(own[~told[place.mask]].sum()) >= NEW * float(own.sum()):
            kept.append(place)
            told |= place.mask
    return kept


def leave_covered(
    places: list[NDArray[np.bool_]], seen: list[SeenPlace], pair: SmallPair
) -> Iterator[NDArray[np.bool_]]:
    """Those of the pixels' places bool[h, w] that lie in none of the network's."""
    covered = np.zeros(pair.gap.shape, bool)
    for one in seen:
        covered[_enclose(one.mask)] = True
    for place in places:
        energy = pair.gap[place]
        if float(energy[covered[place]].sum()) < COVERED * float(energy.sum()):
            yield place


def _place(found: DetectedChanges, index: int, changed: NDArray[np.bool_]) -> SeenPlace:
    """A difference with the pixels that are its own: those that changed in its box, or a little beyond it."""
    height, width = changed.shape
    box = np.clip(found.boxes[index], 0, [width, height, width, height]).astype(np.float32)
    margin = REACH * (box[2:] - box[:2])
    near = _slices(np.concatenate([box[:2] - margin, box[2:] + margin]))
    inside = np.zeros(changed.shape, bool)
    inside[_slices(box)] = True
    inside = inside[near]
    count, labels = cv2.connectedComponents(changed[near].astype(np.uint8), connectivity=8)
    own = np.bincount(labels[inside], minlength=count) >= 0.5 * np.bincount(labels.ravel(), minlength=count)
    own[0] = False
    whole = own[labels]
    likely = (whole & inside) | ((found.mask[near] > LIKELY) & inside)
    corner = np.array([near[1].start, near[0].start] * 2, np.float32)
    fitting = (one for one in (whole, whole & inside, likely) if one.any() and iou(_tight(one) + corner, box) >= SAME)
    mask = np.zeros(changed.shape, bool)
    mask[near] = next(fitting, inside)
    return SeenPlace(mask, found.kinds[index], float(found.scores[index]))


def _tight(mask: NDArray[np.bool_]) -> Floats:
    """float32[4] around a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)


def _enclose(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    return _slices(_tight(mask))


def _slices(box: Floats) -> tuple[slice, slice]:
    x0, y0, x1, y1 = (max(0, round(float(side))) for side in box)
    return slice(y0, max(y0 + 1, y1)), slice(x0, max(x0 + 1, x1))
