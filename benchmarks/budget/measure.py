"""How often is an answer there by the time that it was allowed, on a machine whose cores are all busy?

    python -m benchmarks.budget.measure [--scores 500] [--busy 2] [--threads 1]

Edits of both demos are scored by the studio's models with each budget in turn, while other processes compute on every
core. Every tenth instruction is one that was not read before. What counts is the clock's time from call to answer.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from benchmarks.common.reporting import Figure, progress, show
from editjudge import Scorer
from editjudge.datasets.demo import load_demo, load_photographs
from editjudge.image.decode import load_image

BUDGETS = (50, 200, 1000)
"""Milliseconds."""
SLACK = 1.2
GOAL = 0.98
FRESH = 10
"""Of so many instructions one was not read before."""
WARM_UP = 20


def spin() -> None:
    """Computes until it is ended."""
    while True:
        sum(range(10_000))


@contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """So many other processes compute within the block."""
    others = [multiprocessing.Process(target=spin, daemon=True) for _ in range(count)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        for other in others:
            other.terminate()
            other.join()


def measure(scorer: Scorer, scores: int) -> dict[int, list[tuple[float, int]]]:
    """Per budget the milliseconds of each score, and how many stages it left out."""
    edits = [
        (load_image(entry.original), load_image(candidate.file), entry.instruction)
        for entry in (*load_demo(), *load_photographs())
        for candidate in entry.candidates
    ]
    for instruction in {edit[2] for edit in edits}:
        scorer.parse(instruction)
    for original, edited, instruction in edits[:WARM_UP]:
        scorer.score(original, edited, instruction)
        scorer.score(original, edited, instruction, budget_ms=BUDGETS[-1])
    measured: dict[int, list[tuple[float, int]]] = defaultdict(list)
    turns = itertools.islice(itertools.cycle(edits), scores)
    for turn, (original, edited, instruction) in enumerate(progress(turns, scores, "edits")):
        for budget in BUDGETS:
            words = f"{instruction} Number {turn} of {budget}." if turn % FRESH == 0 else instruction
            begun = time.perf_counter()
            score = scorer.score(original, edited, words, budget_ms=budget)
            measured[budget].append((1000 * (time.perf_counter() - begun), len(score.left_out)))
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scores", type=int, default=500)
    parser.add_argument("--busy", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    with Scorer.load("studio", "cpu", options.threads, keep_answers=False) as scorer, busy_cores(options.busy):
        measured = measure(scorer, options.scores)
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    figures = [Figure("processes_per_core", "other processes that wait or compute, per core", round(load, 1))]
    for budget, rows in measured.items():
        spent, left_out = (np.array(column) for column in zip(*rows, strict=True))
        name = f"{budget} ms"
        figures += [
            Figure(f"within_{budget}", f"{name}: answered within {SLACK:g} times that",
                   float((spent <= SLACK * budget).mean()), GOAL),
            Figure(f"p50_{budget}", f"{name}: median", float(np.median(spent)), unit=" ms"),
            Figure(f"p98_{budget}", f"{name}: 98th percentile", float(np.quantile(spent, 0.98)), unit=" ms"),
            Figure(f"whole_{budget}", f"{name}: with nothing left out", float((left_out == 0).mean())),
        ]  # fmt: skip
    show("Budgets of time", figures)


if __name__ == "__main__":
    main()
