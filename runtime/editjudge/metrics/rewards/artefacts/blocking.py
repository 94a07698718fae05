"""Blocking: steps along the borders of blocks of 8 x 8 pixels, as strong compression leaves them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact, pool
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView, PictureSide
from editjudge.metrics.rewards.artefacts.view.grid import CELL, sum_tiles
from editjudge.types import Floats

LEAST = 0.6
"""Levels by which steps along the borders are larger than those beside them, that nobody sees."""
PLAIN = 2.0
"""The same, beyond that, that is plainly seen."""


def measure_blocking(view: ArtefactView) -> FoundArtefact:
    before, after = map(_measure_steps, (view.original, view.edited))
    return pool(np.maximum(after - np.maximum(before, 0) - LEAST, 0) / PLAIN)


def _measure_steps(side: PictureSide) -> Floats:
    """float32[h, w]: by how many levels the steps between blocks exceed those beside them, on average in each tile."""
    across, down = _exceed(side.across), _exceed(side.down.T).T
    height, width = (min(one, other) for one, other in zip(across.shape, down.shape, strict=True))
    cells = (across[:height, :width] + down[:height, :width]) / 2
    return sum_tiles(cells) / sum_tiles(np.ones_like(cells))


def _exceed(steps: NDArray[np.uint8]) -> Floats:
    """float32[h, w]: the steps over the right border of each block, less the mean of those on either side of it."""
    height, width = (side // CELL * CELL for side in steps.shape)
    over, left, right = (
        steps[:height, CELL + place : width - CELL + place + 1 : CELL].astype(np.float32) for place in (-1, -2, 0)
    )
    borders = over - (left + right) / 2
    return np.asarray(borders.reshape(height // CELL, CELL, -1).mean(axis=1))


BLOCKING = Artefact("blocking", "blocks, as after strong compression,", measure_blocking, compares=False)
