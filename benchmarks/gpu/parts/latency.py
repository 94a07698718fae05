"""How long an edit takes, and a candidate of eight, by stage; and the memory that it takes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.gpu.parts.timing import percentiles
from benchmarks.speedup.edits import TimedEdit, edits
from editjudge import Scorer
from editjudge.utils.timing import STAGES

CANDIDATES = 8
SECONDS = 20.0
"""After which no further round begins."""


def time_scorer(scorer: Scorer, rounds: int) -> dict[str, Any]:
    """{"score": {stage: {"p50", "p95", "n"}}, "rank": the same per candidate of eight}, in milliseconds.

    Intents are known, so that nothing is parsed; "total" is measured from outside.
    """
    *timed, warm_up = edits(rounds + 1, candidates=CANDIDATES)
    for edit in (*warm_up, *timed[0]):
        _score(scorer, edit)
    _rank(scorer, warm_up[0])
    every = [edit for kinds in timed for edit in kinds]
    return {"score": _repeat(_score, scorer, every), "rank": _repeat(_rank, scorer, every[::2])}


def _repeat(
    measure: Callable[[Scorer, TimedEdit], dict[str, float]], scorer: Scorer, timed: Sequence[TimedEdit]
) -> dict[str, dict[str, float]]:
    found: dict[str, list[float]] = defaultdict(list)
    end = time.monotonic() + SECONDS
    for edit in timed:
        for stage, value in measure(scorer, edit).items():
            found[stage].append(value)
        if time.monotonic() > end:
            break
    return {stage: percentiles(values) for stage, values in found.items()}


def _score(scorer: Scorer, edit: TimedEdit) -> dict[str, float]:
    start = time.perf_counter()
    score = scorer.score(edit.original, edit.candidates[0], edit.intent)
    return _take(score.timings_ms, start, 1)


def _rank(scorer: Scorer, edit: TimedEdit) -> dict[str, float]:
    """Per candidate. What is done of the original alone counts in the total, and in no stage."""
    start = time.perf_counter()
    ranked = scorer.prepare(edit.original, edit.intent).rank(edit.candidates)
    scores = [candidate.score for candidate in ranked if candidate.score is not None]
    means = {stage: float(np.mean([score.timings_ms[stage] for score in scores])) for stage in scores[0].timings_ms}
    return _take(means, start, len(edit.candidates))


def _take(timings: dict[str, float], start: float, share: int) -> dict[str, float]:
    total = 1000 * (time.perf_counter() - start) / share
    return {**{stage: timings[stage] for stage in STAGES[1:] if stage in timings}, "total": total}
