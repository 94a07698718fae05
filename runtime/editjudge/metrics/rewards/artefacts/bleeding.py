"""Bleeding: colours that run over a border, while light and shade keep to it."""

from __future__ import annotations

import numpy as np

from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact, enclose
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView
from editjudge.metrics.rewards.artefacts.view.vectors import measure_length
from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

REACHES = (17, 49)
"""Pixels, at half the picture's size, of the squares whose mean colours tell where colours would run to."""
COLOURED = 3.0
"""Units of CIE Lab, a and b alone, between a pixel and that mean from which there is a border of colours."""
FULL = 8.0
"""How much of a run counts as one of all of the colour, and of how little colour it is half of that; in these units."""
LIGHT = 4.0
"""Units of lightness by which a pixel may differ where nothing else was put there."""
TILE = 16
"""Pixels of a tile's side, likewise."""
WORST = 4
"""Tiles that count: how long the border is does not matter."""
LEAST = 0.6
"""How far colours ran, on average over these, that a change of colours may look like."""
PLAIN = 1.2
"""The same, beyond that, that is plainly seen."""


def measure_bleeding(view: ArtefactView) -> FoundArtefact:
    gap = cv2.blur(view.gap, (3, 3))
    kept = cv2.erode((np.abs(gap[..., 0]) < LIGHT).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    bled = np.zeros(kept.shape, np.float32)
    colours, moved = (cv2.merge(cv2.split(one)[1:]) for one in (view.edited.small, gap))
    for reach in REACHES:
        ahead = cv2.subtract(cv2.blur(colours, (reach, reach)), colours)
        length = measure_length(ahead)
        along = cv2.transform(cv2.multiply(moved, ahead), np.ones((1, 2), np.float32))
        run = along / (np.maximum(length, COLOURED) * (length + FULL))
        np.maximum(bled, FULL * run * (length > COLOURED), out=bled)
    return _sum_up(bled * kept)


def _sum_up(bled: Floats) -> FoundArtefact:
    height, width = (max(1, side // TILE) for side in bled.shape)
    tiles = cv2.resize(bled, (width, height), interpolation=cv2.INTER_AREA)
    worst = float(np.sort(tiles, axis=None)[-WORST:].mean())
    severity = max(0.0, worst - LEAST) / PLAIN
    return FoundArtefact(severity, enclose(tiles >= worst) if severity > 0 else None)


BLEEDING = Artefact("bleeding", "colours that run over a border", measure_bleeding)
