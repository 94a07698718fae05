"""Held-out scenes of the studio and composites over held-out photographs, whose differences are known exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.common.reporting import Figure, progress, share
from benchmarks.differences.agreement import ComparedPair
from benchmarks.differences.cases import DifferenceCase, convert_rendered
from benchmarks.differences.photographs import (
    compare_asked,
    summarise_coherence,
    summarise_kinds,
    summarise_precision,
)
from editjudge import Scorer
from studio.differences.draw import HELD_OUT_CANVAS, HELD_OUT_COUNTS, held_out_pairs
from studio.differences.pair import LabelledPair
from studio.differences.scene_pairs import draw_local_edit

SEED = 1805
QUALITIES = ("well_done", "damaged", "misplaced", "wrong", "too_strong", "contrary")
"""Of the edits of which it is asked what was asked for: what is done wrong takes turns."""
NUISANCES = ("unedited_scenes", "unedited_photographs")


@dataclass(frozen=True)
class PrecisionGoals:
    """At least, of an origin's pairs."""

    at_half: float
    mean: float
    kinds: float


GOALS = {"studio": PrecisionGoals(0.92, 0.70, 0.96), "composites": PrecisionGoals(0.85, 0.55, 0.96)}
"""By origin."""


def measure_origin(scorer: Scorer, origin: str, count: int | None = None) -> list[Figure]:
    """Whether the differences of an origin's pairs are found, and their kinds right; `count` of them, or all."""
    count, goals = count or HELD_OUT_COUNTS[origin], GOALS[origin]
    pairs = [
        ComparedPair(scorer.differences(case.original, case.edited).differences, case.known or ())
        for case in progress(convert_rendered(held_out_pairs(count, origin)), count, origin)
    ]
    return [*summarise_precision(pairs, goals.at_half, goals.mean), *summarise_kinds(pairs, goals.kinds)]


def measure_unedited(scorer: Scorer, goal: float, count: int | None = None) -> list[Figure]:
    """How often nuisances alone are called an edit; `count` of each origin, or all."""
    figures = []
    for origin in NUISANCES:
        cases = convert_rendered(held_out_pairs(count or HELD_OUT_COUNTS[origin], origin))
        wrong = [bool(scorer.differences(case.original, case.edited).differences) for case in cases]
        what = f"{len(wrong)} {origin.replace('_', ' ')} with nuisances: called an edit"
        figures.append(Figure(origin, what, share(wrong), goal, at_least=False))
    return figures


def measure_rendered_coherence(scorer: Scorer, count: int) -> list[Figure]:
    """Whether it is known what was asked for, where the intent is."""
    return summarise_coherence(compare_asked(scorer, draw_asked(count)), 0.60, 0.95, 0.03)


def draw_asked(count: int) -> list[DifferenceCase]:
    """Edits of one object of every quality in turns."""
    return list(convert_rendered(_draw_pairs(count)))


def _draw_pairs(count: int) -> Iterator[LabelledPair]:
    for index in range(count):
        rng = np.random.default_rng([SEED, index])
        yield draw_local_edit(rng, QUALITIES[index % len(QUALITIES)], HELD_OUT_CANVAS, held_out=True)
