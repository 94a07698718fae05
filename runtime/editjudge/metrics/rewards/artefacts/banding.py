"""Banding: a staircase where the original has a smooth shade."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact, pool
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView, PictureSide
from editjudge.metrics.rewards.artefacts.view.grid import average_cells, spread_tiles, sum_tiles
from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

SMOOTH = 16.0
"""The mean squared step between pixels, in levels, up to which a cell of the original is smooth."""
MOVED = 20.0
"""Levels by which bands may change the mean of a cell."""
KEPT = 0.8, 0.95
"""The shares of the picture that are within that: too little to tell bands from a new picture, and enough."""
GAINED = 0.15
"""The share of a cell's pixels that are as their neighbours, more than in the original, from which it is all bands."""
SHADE = 1.0
"""Levels over two cells from which there is a shade."""
LEVELLED = 0.25
"""The share of that up to which it has become a band."""
STAIR = 1.0
"""Levels by which the steps that are left in bands exceed the least there are, from which they are surely stairs."""
SOME = 0.03
"""The share of smooth places that must be bands for that."""
LEVELS = 0.05, 0.35
"""The shares of all shades that have become bands: what editing does, and where there are surely bands."""
FLAT = 0.3, 0.6
"""The same of smooth places that are flat now, which a picture without its grain is as well."""
UNSURE = 0.3
"""How far what is flat alone tells of bands."""
FEW = 0.04
"""The share of a tile that is smooth under which it tells nothing."""
LEAST = 0.3
"""Levels between the shades and the bands that nobody sees."""
PLAIN = 1.4
"""The same, beyond that, that is plainly seen."""


def measure_banding(view: ArtefactView) -> FoundArtefact:
    kept = view.kept_within(MOVED)  # bands move colours further than anything else that keeps a thing as it was
    smooth = (view.original.steps < SMOOTH) & kept
    count = sum_tiles(smooth)
    if not count.any():
        return FoundArtefact(0.0)
    off = np.zeros(smooth.shape, np.float32)
    for gap in cv2.split(view.edited.colours - view.original.colours):
        tone = sum_tiles(gap * smooth) / np.maximum(count, 1)
        # A plain place that is of another level has no bands.
        off = np.maximum(off, np.abs(gap - spread_tiles(tone, smooth.shape)))
    width = np.sqrt(sum_tiles(off * off * smooth) / np.maximum(count, 1))
    share = count / sum_tiles(np.ones_like(smooth))
    sure = _be_sure(view, smooth) * max(view.trust, _find_share(float(kept.mean()), KEPT))
    return pool(sure * np.maximum(width - LEAST, 0) / PLAIN, share * (share > FEW), power=2)


def _be_sure(view: ArtefactView, smooth: NDArray[np.bool_]) -> float:
    """0 to 1: how surely what changed in smooth cells are bands, and no shades that drifted."""
    flat = [_share_flat(side) for side in (view.original, view.edited)]
    gained = np.clip((flat[1] - flat[0]) / GAINED, 0, 1) * smooth
    before, after = (_measure_stairs(side, gained) for side in (view.original, view.edited))
    share = float(gained.sum() / smooth.sum())
    stairs = (after - max(1.0, before)) / STAIR * min(1.0, share / SOME)
    levels = _find_share(_share_levelled(view.original.colours, view.edited.colours, smooth), LEVELS)
    unsure = UNSURE * _find_share(share, FLAT)
    return float(np.clip(max(stairs, levels, unsure), 0, 1))


def _find_share(number: float, ends: tuple[float, float]) -> float:
    """How far between the two ends a number is."""
    return min(1.0, max(0.0, (number - ends[0]) / (ends[1] - ends[0])))


def _share_flat(side: PictureSide) -> Floats:
    """float32[h, w]: the share of each cell's pixels that are as those right of and below them."""
    return average_cells(np.equal(cv2.max(side.across, side.down), 0).view(np.uint8))


def _measure_stairs(side: PictureSide, cells: Floats) -> float:
    """The mean step between pixels in those cells, in levels, larger ones counting more; 1 in shades without grain."""
    lengths = average_cells(side.across) + average_cells(side.down)
    return float((side.steps * cells).sum() / ((lengths * cells).sum() + 1e-3 * cells.size))


def _share_levelled(before: Floats, after: Floats, smooth: NDArray[np.bool_]) -> float:
    """The share of shades, from one cell to the next but one in either direction, that are level now."""
    levelled, shades = 0, 30  # where there are hardly any, nothing can be told of them
    ways = ((before, after, smooth), (before.swapaxes(0, 1), after.swapaxes(0, 1), smooth.T))
    for one, other, cells in ways:
        change, left = (np.abs(colours[2:] - colours[:-2]) for colours in (one, other))
        shade = (change > SHADE) & (cells[2:] & cells[1:-1] & cells[:-2])[..., None]
        shades += int(np.count_nonzero(shade))
        levelled += int(np.count_nonzero(shade & (left < LEVELLED * change)))
    return levelled / shades


BANDING = Artefact("banding", "bands instead of smooth shades", measure_banding, compares=False)
