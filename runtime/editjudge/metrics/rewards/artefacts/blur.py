"""Blur: how far the original would have to be blurred to be as soft as the edited picture, where both show the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact, pool
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView
from editjudge.metrics.rewards.artefacts.view.grid import average_cells, sum_tiles
from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

BOXES = (3, 9, 25)
"""Pixels of the squares that the original is averaged over."""
LITTLE = 0.05
"""Of the natural logarithm of the mean squared step: from one of them to the next, what tells nothing of blur."""
DETAIL = 60.0
"""The mean squared step between pixels, in levels, from which a cell has detail."""
FAINT = 0.3
"""The same, in one direction, of what rounding leaves."""
ENOUGH = 6
"""Cells with detail from which a tile tells as much as one that has nothing else."""
LEAST = 0.6
"""Pixels, as the standard deviation of a blur, that coding and resampling cost."""
PLAIN = 0.0024
"""The same, beyond that, that is plainly seen, as a share of the picture's longest side."""


def measure_blur(view: ArtefactView) -> FoundArtefact:
    detailed = view.kept & (view.original.steps > DETAIL)
    count = sum_tiles(detailed)
    if not count.any():
        return FoundArtefact(0.0)
    original = view.original.gray
    softer = [original, *(np.asarray(cv2.blur(original, (box, box)), np.uint8) for box in BOXES)]
    curves = zip(*(_measure_energies(gray, detailed, count) for gray in softer), strict=True)
    energies = _measure_energies(view.edited.gray, detailed, count)
    across, down = (_find_width(curve, energy) for curve, energy in zip(curves, energies, strict=True))
    plain = PLAIN * max(original.shape)
    return pool(np.maximum(np.hypot(across, down) - LEAST, 0) / plain, np.minimum(count / ENOUGH, 1), power=2)


def _measure_energies(gray: NDArray[np.uint8], cells: NDArray[np.bool_], count: Floats) -> tuple[Floats, Floats]:
    """float32[h, w] each: the logarithm of the mean squared step across and down, over those cells of a tile."""
    across, down = np.zeros_like(gray), np.zeros_like(gray)
    across[:, :-1], down[:-1] = cv2.absdiff(gray[:, 1:], gray[:, :-1]), cv2.absdiff(gray[1:], gray[:-1])
    means = (average_cells(cv2.multiply(steps, steps, dtype=cv2.CV_32F)) for steps in (across, down))
    logs = [np.log(sum_tiles(mean * cells) / np.maximum(count, 1) + FAINT) for mean in means]
    return np.asarray(logs[0], np.float32), np.asarray(logs[1], np.float32)


def _find_width(curve: Sequence[Floats], energy: Floats) -> Floats:
    """float32[h, w]: the standard deviation, in pixels, of the blur after which the energy on the curve is that."""
    deviations = [0.0, *(float(np.sqrt((box * box - 1) / 12)) for box in BOXES)]
    falling = np.minimum.accumulate(curve)  # what stands beside a smooth place is blurred into it
    shares = np.clip((falling[:-1] - energy) / np.maximum(falling[:-1] - falling[1:], LITTLE), 0, 1)
    return np.asarray(np.tensordot(np.diff(deviations), shares, 1), np.float32)


BLUR = Artefact("blur", "blur", measure_blur)
