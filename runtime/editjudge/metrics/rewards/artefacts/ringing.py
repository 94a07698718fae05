"""Ringing: halos and ripples beside edges, lighter or darker than anything that the original has there."""

from __future__ import annotations

import numpy as np

from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact, pool
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView
from editjudge.metrics.rewards.artefacts.view.grid import average_cells, sum_tiles
from editjudge.utils.libraries.opencv import cv2

NEAR = 5
"""Pixels of the square around a pixel whose range it must leave."""
EDGE = 24.0
"""Levels of that range, on average over a cell, from which there is an edge."""
GRAIN = 0.45
"""How far grain leaves the range at edges, of how far it does elsewhere."""
ENOUGH = 4
"""Cells with edges from which a tile tells as much as one that has nothing else."""
LEAST = 0.012
"""How far pixels are beyond the range, on average over the cells at edges, as a share of it, that nobody sees."""
PLAIN = 0.07
"""The same, beyond that, that is plainly seen."""


def measure_ringing(view: ArtefactView) -> FoundArtefact:
    square = np.ones((NEAR, NEAR), np.uint8)
    highest, lowest = cv2.dilate(view.original.gray, square), cv2.erode(view.original.gray, square)
    edited = view.edited.gray
    beyond = average_cells(cv2.add(cv2.subtract(edited, highest), cv2.subtract(lowest, edited)))
    ranges = average_cells(cv2.subtract(highest, lowest))
    edges = ranges > EDGE
    elsewhere = cv2.dilate(edges.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    grain = GRAIN * float(beyond[elsewhere & view.kept].mean()) if (elsewhere & view.kept).any() else 0.0
    seen = edges & view.kept
    count = sum_tiles(seen)
    share = sum_tiles(np.maximum(beyond - grain, 0) * seen) / (sum_tiles(ranges * seen) + EDGE)
    return pool(np.maximum(share - LEAST, 0) / PLAIN, np.minimum(count / ENOUGH, 1), power=1)


RINGING = Artefact("ringing", "halos beside edges", measure_ringing)
