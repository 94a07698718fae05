"""How long one warm edit takes, stage by stage, on the demo's pictures."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from editjudge import image
from editjudge.demo import DemoInput
from editjudge.watch import STAGES

if TYPE_CHECKING:
    from editjudge.scorer import Scorer


def measure(
    scorer: Scorer, inputs: Sequence[DemoInput], rounds: int, advance: Callable[[], None] = lambda: None
) -> dict[str, dict[str, float]]:
    """Milliseconds per stage: {"detect": {"p50", "p95"}, ..., "total": ..., "edits": ...}.

    Every candidate is scored `rounds` times from decoded pictures, its instruction parsed once beforehand; one edit is
    scored before the clock starts. `advance` is called after each edit.
    """
    edits = []
    for each in inputs:
        intent, original = scorer.parse(each.instruction), image.load(each.original)
        edits += [(original, image.load(candidate.file), intent) for candidate in each.candidates]
    scorer.score(*edits[0])
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for edit in edits:
            start = time.perf_counter()
            score = scorer.score(*edit)
            taken["total"].append(1000 * (time.perf_counter() - start))
            for stage in STAGES[1:]:
                taken[stage].append(score.timings_ms.get(stage, 0.0))
            advance()
    return {name: _percentiles(taken[name]) for name in (*STAGES[1:], "total")}


def _percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}
