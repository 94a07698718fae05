"""The places where two pictures differ, by their pixels alone: no model, and no name for what is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.image.align import shrink
from editjudge.image.alignment import PairAlignment
from editjudge.image.difference import choose_threshold, measure_gap
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.types import Floats, Image
from editjudge.utils.libraries.opencv import cv2

CLOSING = 5
"""Pixels: what is so near belongs to one thing."""
STRONG = 2.0
"""What the strongest pixel of a region has of the threshold at least."""
LEAST_ENERGY = 700.0
"""The least sum of a region's differences, in units of CIE Lab: of weaker ones, hardly any is an edit."""


CORNER = 0.05
"""How far from two sides of the picture, as a share of each, an editor's stamp may begin."""
STAMP = (0.2, 0.1)
"""The width and height of the largest stamp, as shares of the picture."""


@dataclass(frozen=True, eq=False)
class SmallPair:
    """Two pictures as differences are looked for in them: small (SIDE), the edited one in the original's place.

    Attributes:
        original, edited: uint8[h, w, 3]; the edited one in its own tone.
        gap: float32[h, w], how far they lie apart in units of CIE Lab, beyond what drift and compression leave.
        threshold: From which of these a pixel changed.
    """

    original: Image
    edited: Image
    gap: Floats
    threshold: float

    @classmethod
    def of(cls, original: Image, aligned: AlignedImage) -> SmallPair:
        """That of an original uint8[H, W, 3] and an edited picture."""
        changes = aligned.changes
        kept = changes.small
        one = kept[0] if kept else shrink(original)
        other = kept[1] if kept and aligned.picture is aligned.as_given else shrink(aligned.picture)
        alignment = PairAlignment.still()
        if aligned.tone == 0.0 and changes.alignment.gain != (1.0, 1.0, 1.0):
            alignment = changes.alignment
        _, gap = measure_gap(one, other, alignment)
        if aligned.seen is not None:
            seen = cv2.resize(aligned.seen.astype(np.uint8), gap.shape[::-1], interpolation=cv2.INTER_AREA) > 0
            gap[cv2.erode(seen.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0] = 0
        return cls(one, other, gap, choose_threshold(gap, changes.alignment))


def find_places(pair: SmallPair) -> list[NDArray[np.bool_]]:
    """bool[h, w] each: the places that differ, none of them near another."""
    changed = (pair.gap > pair.threshold).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (CLOSING, CLOSING))
    joined = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, kernel)
    count, labels = cv2.connectedComponents(joined, connectivity=8)
    if count == 1:
        return []
    seen = np.flatnonzero(changed)
    owner, gap = labels.ravel()[seen], pair.gap.ravel()[seen]
    energy = np.bincount(owner, weights=gap, minlength=count)
    peaks = np.bincount(owner[gap > STRONG * pair.threshold], minlength=count)
    kept = (energy > LEAST_ENERGY) & (peaks > 0)
    return [labels == label for label in np.flatnonzero(kept)]


def is_stamp(place: NDArray[np.bool_]) -> bool:
    """Whether a place bool[h, w] is as small, as flat and as far in a corner as the stamps that editors leave."""
    (height, width), (across, down) = place.shape, STAMP
    rows, columns = np.flatnonzero(place.any(axis=1)), np.flatnonzero(place.any(axis=0))
    top, bottom, left, right = rows[0], height - 1 - rows[-1], columns[0], width - 1 - columns[-1]
    cornered = min(top, bottom) <= CORNER * height and min(left, right) <= CORNER * width
    return bool(cornered and len(rows) <= down * height and len(columns) <= across * width)
