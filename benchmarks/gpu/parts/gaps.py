"""How far what a device computed is from what another computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
"""The inputs or the outputs of a graph, by name."""
FAR = 1e9
"""Stands for infinitely far, for which JSON has no number."""


def compare_outputs(actual: Arrays, expected: Arrays) -> float:
    """The largest difference, as a share of the largest number of an output where that is over 1.

    What is infinite on one side alone is FAR from the other, as is a NaN.
    """
    largest = 0.0
    for name, array in expected.items():
        mine, theirs = np.asarray(actual[name], np.float64), np.asarray(array, np.float64)
        finite = np.isfinite(theirs)
        if mine.shape != theirs.shape or not np.array_equal(mine[~finite], theirs[~finite]):
            return FAR
        if finite.any():
            scale = max(1.0, float(np.abs(theirs[finite]).max()))
            gap = float(np.abs(mine[finite] - theirs[finite]).max()) / scale
            largest = max(largest, gap if np.isfinite(gap) else FAR)
    return largest


def compare_sub_scores(mine: Sequence[Mapping[str, float]], theirs: Sequence[Mapping[str, float]]) -> list[float]:
    """The largest difference of a sub-score of each edit; FAR where one side alone has a number."""
    return [max(_gap(one[name], other[name]) for name in other) for one, other in zip(mine, theirs, strict=True)]


def _gap(one: float, other: float) -> float:
    if np.isnan(one) and np.isnan(other):
        return 0.0
    gap = abs(one - other)
    return FAR if np.isnan(gap) else gap
