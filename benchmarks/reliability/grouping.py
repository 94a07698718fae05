"""What does a row of a data set cost, against a candidate of a ranking?

    python -m benchmarks.reliability.grouping --sizes 2 4 8 16 32 --rounds 5

The demo's edits, with so many candidates to each original, one after the other: as the rows of a data set, by what a
worker process does for them, from reading the table to the line in the part file; and as rankings. Both in this
process, with one thread, in turn; instructions are read before. Of each the fastest round counts: what else runs on the
machine only adds to it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.datasets.runs import write_edits
from editjudge import Scorer
from editjudge.batch.checkpoint import RunCheckpoint
from editjudge.batch.executors.local import make_tasks
from editjudge.batch.worker import Setup, Worker
from editjudge.datasets import open_dataset
from editjudge.datasets.demo import load_demo

GOAL = 1.15


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--sizes", type=int, nargs="+", default=(2, 4, 8, 16, 32), help="candidates an original")
    command_line.add_argument("--rows", type=int, default=64, help="rows of each data set, at least")
    command_line.add_argument("--rounds", type=int, default=5)
    options = command_line.parse_args()
    scorer, worker = Scorer.load(options.bundle, "cpu", 1), Worker(Setup(options.bundle, "cpu", threads=1))
    figures: list[Figure] = []
    for size in progress(options.sizes, len(options.sizes), "scoring"):
        with tempfile.TemporaryDirectory() as folder:
            row, candidate = compare(Path(folder), (scorer, worker), size, options)
        figures += [
            Figure(f"row_{size}", f"a row, of {size} with one original", row, unit=" ms"),
            Figure(f"rank_{size}", "a candidate of a ranking of these", candidate, unit=" ms"),
            Figure(f"ratio_{size}", "that, of this", row / candidate, GOAL, at_least=False),
        ]
    show("rows that share an original", figures, rounds=options.rounds, rows=options.rows, load=os.getloadavg()[0])


def compare(
    folder: Path, scoring: tuple[Scorer, Worker], size: int, options: argparse.Namespace
) -> tuple[float, float]:
    """Milliseconds of a row and of a ranked candidate."""
    scorer, worker = scoring
    edits = []
    for number, example in enumerate(islice(cycle(load_demo()), -(-options.rows // size))):
        original = shutil.copy(example.original, folder / f"{number}{example.original.suffix}")
        candidates = [str(one.file) for one in islice(cycle(example.candidates), size)]
        edits.append((str(original), candidates, example.instruction))
    table = ((original, edited, words) for original, candidates, words in edits for edited in candidates)
    data = write_edits(folder / "edits.csv", ((f"r{number}", *edit) for number, edit in enumerate(table)))
    count = size * len(edits)

    def score_rows() -> None:
        with RunCheckpoint(folder / "scores.part", {}) as part:
            for task in make_tasks(open_dataset(data), [range(count)]):
                for row in (row for group in task for row in worker.score(group)):
                    part.add(*row)
        part.remove()

    def rank() -> None:
        for original, candidates, words in edits:
            scorer.prepare(original, words).rank(candidates)

    rounds = [(spend(score_rows), spend(rank)) for _ in range(options.rounds + 1)][1:]  # the first one warms up
    row, candidate = (1000 * min(seconds) / count for seconds in zip(*rounds, strict=True))
    return row, candidate


def spend(work: Callable[[], None]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
