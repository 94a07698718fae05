"""How many edits a second, when threads share a scorer."""

from __future__ import annotations

import itertools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from editjudge.edits import Edit

if TYPE_CHECKING:
    from editjudge.scorer import Scorer


def throughput(
    scorers: Sequence[Scorer],
    edits: Sequence[Edit],
    levels: Sequence[int],
    *,
    rounds: int,
    seconds: float,
    advance: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """Per scorer: "levels", edits a second (the median, the least and the most of `rounds`) by number of threads; and
    "same_scores", whether every edit was scored alike each time.

    Instructions were parsed before; decoding counts. Levels and scorers take turns, `seconds` each, though a score
    that was begun is finished. `advance` is called after each turn.
    """
    rates: list[dict[int, list[float]]] = [defaultdict(list) for _ in scorers]
    seen: list[dict[int, set[float]]] = [defaultdict(set) for _ in scorers]
    for _ in range(rounds):
        for threads in levels:
            for place, scorer in enumerate(scorers):
                rates[place][threads].append(_rate(scorer, edits, threads, seconds, seen[place]))
                advance()
    return [
        {
            "levels": [{"threads": threads, **_spread(found)} for threads, found in by_level.items()],
            "same_scores": all(len(scores) == 1 for scores in by_edit.values()),
        }
        for by_level, by_edit in zip(rates, seen, strict=True)
    ]


def _rate(scorer: Scorer, edits: Sequence[Edit], threads: int, seconds: float, seen: dict[int, set[float]]) -> float:
    turns = itertools.count()
    start = time.perf_counter()

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < start + seconds or not done:
            place = next(turns) % len(edits)
            edit = edits[place]
            seen[place].add(scorer.score(edit.original, edit.edited, edit.instruction).bpm)
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(threads)))
    return done / (time.perf_counter() - start)


def _spread(rates: Sequence[float]) -> dict[str, float]:
    found = {"per_second": statistics.median(rates), "least": min(rates), "most": max(rates)}
    return {name: round(value, 3) for name, value in found.items()}
