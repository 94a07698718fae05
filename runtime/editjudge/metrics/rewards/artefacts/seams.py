"""Seams: a line over which a place that was kept changes its tone, as where a patch was put back into a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact, Shares
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView
from editjudge.metrics.rewards.artefacts.view.vectors import sum_squares, turn
from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

HALF = 2
"""Pixels, here and below of the pictures at half their size, on either side of a line over which a tone changes."""
BESIDE = 5
"""Pixels from the line at which both sides must have kept what they show."""
ALONG = 9
"""Pixels of the line over which that is averaged."""
SEEN = 1.0
"""Units of CIE Lab from which a step is seen."""
THING = 16.0
"""The same by which the two pictures differ where another thing is."""
OUTLINE = 15
"""Pixels of the square around such a place in which no seam is looked for."""
ROUGH = 3.0
"""How much what else changed on both sides counts against a step."""
KEPT = 1.0
"""Units of Lab by which the side that was left alone may differ."""
FAINT = 0.3
"""The square of a step that may be anything."""
SHORT = 0.05
"""The length of a line, as a share of the picture's longest side, that is no seam but chance."""
LENGTH = 0.4
"""The same of a seam that is seen at once."""
PLAIN = 5.0
"""Units of Lab of a step that is plainly seen."""


def measure_seams(view: ArtefactView) -> FoundArtefact:
    before = view.original.small
    gap = cv2.blur(view.gap, (3, 3))
    mean = cv2.blur(gap, (5, 5))
    length = sum_squares(mean)
    rough = cv2.transform(cv2.sqrBoxFilter(gap, -1, (5, 5)), np.ones((1, 3), np.float32)) - length
    layers = [np.asarray(one, np.float32) for one in (gap, before, rough, np.sqrt(length))]
    across, down = _find_steps(*layers), _find_steps(*map(turn, layers))
    return _sum_up(np.maximum(across, turn(down)))


def _find_steps(gap: Floats, before: Floats, rough: Floats, length: Floats) -> Floats:
    """float32[h, w]: how far the tone changes from left to right of each pixel, where that is no outline."""
    height, width = rough.shape
    found = np.zeros((height, width), np.float32)
    margin = BESIDE
    if width <= 2 * margin:
        return found
    here = slice(margin, width - margin)
    left, right = slice(margin - HALF, width - margin - HALF), slice(margin + HALF, width - margin + HALF)
    beyond, ahead = slice(0, width - 2 * margin), slice(2 * margin, width)
    jump = cv2.blur(cv2.subtract(gap[:, right], gap[:, left]), (1, ALONG))
    step = sum_squares(jump)
    outline = sum_squares(cv2.subtract(before[:, right], before[:, left]))
    alone = np.minimum(length[:, beyond], length[:, ahead]) / KEPT
    against = ROUGH * (rough[:, beyond] + rough[:, ahead]) + outline + step * alone * alone + FAINT
    is_thing = cv2.dilate((length > THING).astype(np.uint8), np.ones((OUTLINE, OUTLINE), np.uint8))[:, here]
    found[:, here] = np.sqrt(step) * step / (step + against) * (is_thing == 0)
    return found


def _sum_up(steps: Floats) -> FoundArtefact:
    longest = max(steps.shape)
    seen = (steps > SEEN).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(seen, connectivity=8)
    lines = np.flatnonzero(np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) >= SHORT * longest)
    lines = lines[lines > 0]
    if not lines.size:
        return FoundArtefact(0.0)
    on = np.isin(np.arange(len(stats)), lines)[labels]
    contrast = float(np.sqrt(np.mean(np.square(steps[on]))))
    length = float(stats[lines, cv2.CC_STAT_AREA].sum()) / (2 * HALF) / (LENGTH * longest)
    return FoundArtefact(contrast / PLAIN * min(1.0, length), _box(on))


def _box(seen: NDArray[np.bool_]) -> Shares:
    height, width = seen.shape
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height


SEAMS = Artefact("seams", "a seam", measure_seams)
