"""Regions that changed, as a detector would find them in small pictures, from boxes that are given."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from editjudge.metrics.dice.coherence.fit import RegionFit
from editjudge.metrics.dice.difference import CHANGES, Change
from editjudge.metrics.dice.regions.detect import DetectedRegions
from editjudge.metrics.dice.regions.kind import to_lab
from editjudge.metrics.dice.regions.region import ChangedRegion, SmallLab, find_window
from editjudge.types import Image
from support.groundings import SIDE

Box = tuple[float, float, float, float]


def region_of(change: Change, box: Box, energy: float = 1000.0) -> ChangedRegion:
    """A region of which the kind is certain, and that fills its box."""
    corners = np.array(box, np.float32)
    rows, columns = find_window(corners)
    mask = np.ones((rows.stop - rows.start, columns.stop - columns.start), bool)
    return ChangedRegion(corners, mask, energy, np.eye(3, dtype=np.float32)[CHANGES.index(change)], 0.9)


def found_of(
    *regions: ChangedRegion,
    partners: Mapping[int, int] | None = None,
    original: Image | None = None,
    edited: Image | None = None,
) -> DetectedRegions:
    """Regions of two small pictures uint8[SIDE, SIDE, 3], black where none is given."""
    pictures = (np.zeros((SIDE, SIDE, 3), np.uint8) if one is None else one for one in (original, edited))
    return DetectedRegions(regions, dict(partners or {}), 0, "pixels", SmallLab(*map(to_lab, pictures)))


FITTING = RegionFit(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0)
"""A region that is in every way what was asked for."""
