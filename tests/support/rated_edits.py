"""Edits of which it is known how likely people find them well done, and raters who say so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.calibration.rated_edits import MeasuredEdit, RatedEdits
from editjudge.calibration.ratings import Rating
from editjudge.metrics.bpm.rules import Rules
from editjudge.metrics.bpm.score import PartScore, RegionScore, SemanticScore
from editjudge.types import EditIntent

COLOR = EditIntent("color", "hydrant", "blue hydrant")


def measured_edit(
    modify: float, preserve: float, spill: float = 0.0, *, doubtful: bool = False, misread: bool = False
) -> MeasuredEdit:
    """An edit of one part whose raw values are those given, by the range of Norm() from 0 to 1."""
    semantic = SemanticScore(modify + preserve, modify, preserve, modify, preserve)
    part = PartScore(COLOR, semantic, RegionScore(2.0, 1.0, 1.0), (), Rules().done(modify))
    return MeasuredEdit((part,), spill, doubtful, misread)


def simulate(inputs: int, seed: int, raters: int = 3, candidates: int = 5) -> tuple[RatedEdits, NDArray[np.float64]]:
    """Rated edits, and how likely a rater finds each well done, float64[N], which rises with preserve alone.

    All are done in full, so that nothing but the regression speaks. The most that is found well done is 0.9.
    """
    random = np.random.default_rng(seed)
    rows, likely = [], []
    for number in range(inputs):
        for _ in range(candidates):
            preserve = random.uniform()
            chance = 0.9 / (1 + np.exp(-12 * (preserve - 0.6)))
            said = random.random(raters) < chance
            edit = measured_edit(random.uniform(0.7, 1.0), preserve, random.uniform(0, 0.1))
            rows.append((edit, f"{number:04d}", Rating(float(1 + 4 * said.mean()), float(said.mean()))))
            likely.append(chance)
    return RatedEdits.of(rows), np.array(likely)
