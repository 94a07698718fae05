"""Blur: detail of the original that is gone where nothing else was put there."""

from __future__ import annotations

import numpy as np

from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact, pool
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView
from editjudge.metrics.rewards.artefacts.view.grid import sum_tiles

DETAIL = 60.0
"""The mean squared step between pixels, in levels, from which a cell has detail."""
FAINT = 2.0
"""The same of what nobody sees."""
ENOUGH = 6
"""Cells with detail from which a tile tells as much as one that has nothing else."""
LEAST = 0.3
"""The natural logarithm of what detail was over what is left of it, that coding and resampling cost."""
PLAIN = 0.65
"""The same, beyond that, that is plainly seen."""


def measure_blur(view: ArtefactView) -> FoundArtefact:
    detailed = view.kept & (view.original.steps > DETAIL)
    before, after = (sum_tiles(side.steps * detailed) for side in (view.original, view.edited))
    count = sum_tiles(detailed)
    floor = FAINT * count + 1
    lost = np.log((before + floor) / (np.minimum(after, before) + floor))
    return pool(np.maximum(lost - LEAST, 0) / PLAIN, np.minimum(count / ENOUGH, 1), power=2)


BLUR = Artefact("blur", "blur", measure_blur)
