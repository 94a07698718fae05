"""Blocking: steps along the borders of blocks of 8 x 8 pixels, as strong compression leaves them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact, pool
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView, PictureSide
from editjudge.metrics.rewards.artefacts.view.grid import CELL, sum_tiles
from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

SHADED = 2.0
"""The mean squared step between pixels, in levels, from which a block of the original has something to lose."""
ENOUGH = 8
"""Such blocks from which a tile tells as much as one that has nothing else."""
MOST = 24.0
"""Levels by which they are larger at most: the borders of things, as of the squares of pixel art, are sharper."""
LEAST = 0.8
"""Levels by which steps along the borders are larger than those beside them, that nobody sees."""
PLAIN = 2.2
"""The same, beyond that, that is plainly seen."""


def measure_blocking(view: ArtefactView) -> FoundArtefact:
    before, after = map(_measure_steps, (view.original, view.edited))
    height, width = before.shape
    shaded = view.original.steps[:height, :width] > SHADED
    count = sum_tiles(shaded)
    mean = [sum_tiles(one * shaded) / (count + 1) for one in (before, after)]
    grown = mean[1] - np.maximum(mean[0], 0)
    return pool(np.maximum(grown - LEAST, 0) / PLAIN, np.minimum(count / ENOUGH, 1), power=2)


def _measure_steps(side: PictureSide) -> Floats:
    """float32[h, w]: by how many levels the steps between blocks exceed those beside them, on average in each."""
    across, down = _exceed(side.across), _exceed(np.asarray(cv2.transpose(side.down), np.uint8)).T
    height, width = (min(one, other) for one, other in zip(across.shape, down.shape, strict=True))
    return np.asarray((across[:height, :width] + down[:height, :width]) / 2, np.float32)


def _exceed(steps: NDArray[np.uint8]) -> Floats:
    """float32[h, w]: the steps over the right border of each block, less the mean of those on either side of it."""
    height, width = (side // CELL * CELL for side in steps.shape)
    columns = steps[:height].astype(np.int16)
    left, over, right = (columns[:, at : at + width - CELL : CELL] for at in (CELL - 2, CELL - 1, CELL))
    exceed = (2 * over - left - right).reshape(height // CELL, CELL, -1).mean(axis=1, dtype=np.float32) / 2
    return np.asarray(np.clip(exceed, -MOST, MOST), np.float32)


BLOCKING = Artefact("blocking", "blocks, as after strong compression,", measure_blocking, compares=False)
