"""How many edits a second, when threads share a scorer."""

from __future__ import annotations

import itertools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from editjudge.datasets import EditSample

if TYPE_CHECKING:
    from editjudge.scorer import Scorer


def measure_throughput(
    scorers: Sequence[Scorer],
    edits: Sequence[EditSample],
    levels: Sequence[int],
    rounds: int,
    seconds: float,
    *,
    advance: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """Per scorer: "levels", edits a second (the median, the least and the most of `rounds`) by number of threads; and
    "same_scores", whether every edit was scored alike each time.

    Instructions have been parsed before; decoding counts. Levels and scorers take turns, `seconds` each, though a score
    that has begun is finished. `advance` is called after each turn.
    """
    rates: list[dict[int, list[float]]] = [defaultdict(list) for _ in scorers]
    scores: list[dict[int, set[float | None]]] = [defaultdict(set) for _ in scorers]
    for _ in range(rounds):
        for threads in levels:
            for scorer, by_level, by_edit in zip(scorers, rates, scores, strict=True):
                by_level[threads].append(_rate(scorer, edits, threads, seconds, by_edit))
                advance()
    return [
        {
            "levels": [{"threads": threads, **_spread(values)} for threads, values in by_level.items()],
            "same_scores": all(len(values) == 1 for values in by_edit.values()),
        }
        for by_level, by_edit in zip(rates, scores, strict=True)
    ]


def _rate(
    scorer: Scorer, edits: Sequence[EditSample], threads: int, seconds: float, scores: dict[int, set[float | None]]
) -> float:
    """Edits a second; adds each score to those of the edit's index."""
    turns = itertools.count()
    start = time.perf_counter()

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < start + seconds or not done:
            index = next(turns) % len(edits)
            scores[index].add(scorer.score(*edits[index].edit()).value)
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(threads)))
    return done / (time.perf_counter() - start)


def _spread(rates: Sequence[float]) -> dict[str, float]:
    spread = {"per_second": statistics.median(rates), "least": min(rates), "most": max(rates)}
    return {name: round(value, 3) for name, value in spread.items()}
