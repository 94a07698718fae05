"""Banding: a staircase where the original has a smooth shade."""

from __future__ import annotations

import numpy as np

from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact, pool
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView, PictureSide
from editjudge.metrics.rewards.artefacts.view.grid import average_cells, spread_tiles, sum_tiles
from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

SMOOTH = 16.0
"""The mean squared step between pixels, in levels, up to which a cell of the original is smooth."""
MOVED = 20.0
"""Levels by which bands may change the mean of a cell."""
GAINED = 0.25
"""The share of a cell's pixels that are as their neighbours, more than in the original, from which it is all bands."""
FEW = 0.04
"""The share of a tile that is smooth under which it tells nothing."""
LEAST = 0.25
"""Levels between the shades and the bands, on average, that nobody sees."""
PLAIN = 0.55
"""The same, beyond that, that is plainly seen."""


def measure_banding(view: ArtefactView) -> FoundArtefact:
    smooth = (view.original.steps < SMOOTH) & view.kept_within(MOVED)
    count = sum_tiles(smooth)
    gap = (view.edited.colours - view.original.colours).mean(axis=2)
    tone = sum_tiles(gap * smooth) / np.maximum(count, 1)
    off = np.abs(gap - spread_tiles(tone, gap.shape))  # a plain place that is of another level has no bands
    flat = [_share_flat(side) for side in (view.original, view.edited)]
    gained = np.clip((flat[1] - flat[0]) / GAINED, 0, 1)
    width = sum_tiles(off * gained * smooth) / np.maximum(count, 1)
    share = count / sum_tiles(np.ones_like(smooth))
    return pool(np.maximum(width - LEAST, 0) / PLAIN, share * (share > FEW), power=2)


def _share_flat(side: PictureSide) -> Floats:
    """float32[h, w]: the share of each cell's pixels that are as those right of and below them."""
    return average_cells(np.equal(cv2.max(side.across, side.down), 0).view(np.uint8))


BANDING = Artefact("banding", "bands instead of smooth shades", measure_banding)
