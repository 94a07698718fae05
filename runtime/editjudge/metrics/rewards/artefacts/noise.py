"""Noise: grain that the original has not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact, pool
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView
from editjudge.metrics.rewards.artefacts.view.grid import average_cells, tile_median
from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

LEAST = 0.8
"""Standard deviation, in levels, that nobody sees."""
PLAIN = 4.0
"""The same that is plainly seen."""
GROWN = 1.15
"""What resampling and compression make of the grain that is there."""
KERNEL = np.array([1, -2, 1], np.float32)
"""In both directions: blind to shades and to straight edges (Immerkaer 1996)."""
TO_SIGMA = float(np.sqrt(np.pi / 2)) / 6


def measure_noise(view: ArtefactView) -> FoundArtefact:
    before, after = (_measure_grain(side.gray) for side in (view.original, view.edited))
    added = np.sqrt(np.maximum(np.square(after) - np.square(GROWN * before), 0))
    # Grain is in all cells of a place, what was drawn there only in some.
    return pool(np.maximum(tile_median(cv2.erode(added, np.ones((2, 2), np.uint8))) - LEAST, 0) / PLAIN)


def _measure_grain(gray: NDArray[np.uint8]) -> Floats:
    """float32[h, w]: the standard deviation of each cell's grain, in levels."""
    second = cv2.sepFilter2D(gray, cv2.CV_16S, KERNEL, KERNEL)
    return TO_SIGMA * average_cells(np.abs(np.asarray(second)))


NOISE = Artefact("noise", "noise", measure_noise, compares=False)
