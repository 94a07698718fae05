"""How long finding the differences of two decoded pictures takes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import islice

import numpy as np

from benchmarks.common.reporting import Figure
from benchmarks.drift.measure import rendered_pairs
from editjudge import Scorer
from editjudge.image.transforms import resize

PAIRS = 30
GOALS = {512: {"pixels": 20, "network": 45}, 1024: {"pixels": 45, "network": 80}}
"""Milliseconds, by the pictures' side in pixels and by what finds."""


def time_finders(finders: Mapping[str, Scorer]) -> dict[str, list[Figure]]:
    """The median over rendered edits, by what finds; they take turns, so that one load of the machine meets all."""
    edits = [pair for pair in islice(rendered_pairs(4 * PAIRS), 4 * PAIRS) if pair.edited is not None][:PAIRS]
    figures: dict[str, list[Figure]] = {name: [] for name in finders}
    for side, goals in GOALS.items():
        spent: dict[str, list[float]] = {name: [] for name in finders}
        for pair in edits:
            original, edited = (
                resize(picture, side, side, "bicubic")
                for picture in (pair.original, pair.edited)
                if picture is not None
            )
            for name, scorer in finders.items():
                start = time.perf_counter()
                scorer.differences(original, edited)
                spent[name].append(1000 * (time.perf_counter() - start))
        for name, milliseconds in spent.items():
            figures[name].append(
                Figure(
                    f"ms_{side}", f"{side} x {side}, median of {len(edits)}",
                    float(np.median(milliseconds)), goals[name], at_least=False, unit=" ms",
                )
            )  # fmt: skip
    return figures
