"""Does score-dataset use all cores, and give the same scores on Ray?

    python -m benchmarks.datasets.runs [rate|ray ...]

rate: the demo's edits, against the same rows in a loop with one thread; the first third of a run, in which the workers
load models and parse instructions, is left out on both sides, and reported separately. ray: two actors against one
worker process, on the same edits.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from benchmarks.common.reporting import Figure, show
from editjudge import Scorer
from editjudge.batch import Progress, score_dataset
from editjudge.datasets import open_dataset
from editjudge.datasets.demo import load_demo
from editjudge.utils.pools import usable_cores

PARTS = ("rate", "ray")
COLUMNS = ("id", "original", "edited", "instruction")
TOGETHER = 0.002
"""The most seconds between rows that a worker handed over together."""


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument(
        "parts", nargs="*", default=PARTS, metavar="PART", help=f"{', '.join(PARTS)}; all by default"
    )
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--edits", type=int, default=600, help="rows of the runs that are timed")
    command_line.add_argument("--workers", type=int, default=usable_cores())
    options = command_line.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        command_line.error(f"{', '.join(unknown)}: choose from {', '.join(PARTS)}")
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if {"rate", "ray"} & set(options.parts):
            edits = write_demo_edits(folder / "demo.csv", options.edits)
        if "rate" in options.parts:
            figures += measure_rate(edits, options)
        if "ray" in options.parts:
            figures += measure_ray(edits, options)
    show(
        f"data set runs: {', '.join(options.parts)}",
        figures,
        workers=options.workers,
        cores=usable_cores(),
        load=os.getloadavg()[0],
    )


def write_demo_edits(path: Path, rows: int) -> Path:
    """The demo's edits, over and over; those of one instruction follow one another, as in published sets."""
    once = [(example, candidate) for example in load_demo() for candidate in example.candidates]
    edits = (
        (f"r{row}", str(example.original), str(candidate.file), example.instruction)
        for row, (example, candidate) in ((row, once[row % len(once)]) for row in range(rows))
    )
    return write_edits(path, edits)


def write_edits(path: Path, edits: Iterable[tuple[str, ...]]) -> Path:
    """A plain table of ids, originals, edited pictures and instructions."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *edits])
    return path


def measure_rate(data: Path, options: argparse.Namespace) -> list[Figure]:
    """The rate of worker processes against that of a loop in one thread."""
    edits = [sample.edit() for sample in open_dataset(data)]
    scorer = Scorer.load(options.bundle, "cpu", threads=1)
    loop = ProgressClock()
    for done, edit in enumerate(edits, 1):
        scorer.score(*edit)
        loop(Progress(len(edits), done, 0))
    clock = ProgressClock()
    output = data.with_name("rate.jsonl")
    score_dataset(open_dataset(data), output, bundle=options.bundle, device="cpu", workers=options.workers, watch=clock)
    share = clock.rate() / (options.workers * loop.rate())
    return [
        Figure("rate_loop", "rows a second in a loop, one thread", loop.rate()),
        Figure("rate", f"rows a second of score-dataset, {options.workers} workers", clock.rate()),
        Figure("rate_share", "that, of workers x the loop's", share, 0.95),
        Figure("rate_start", "seconds until its first row", clock.seconds(1), unit=" s"),
    ]


def measure_ray(data: Path, options: argparse.Namespace) -> list[Figure]:
    """The rate of two actors on Ray against that of one worker process; none where Ray is not installed."""
    if find_spec("ray") is None:
        print("ray is left out: pip install 'editjudge[ray]'", file=sys.stderr)
        return []
    outputs, clocks = {}, {}
    for executor, workers in (("local", 1), ("ray", 2)):
        output, clocks[executor] = data.with_name(f"{executor}.jsonl"), ProgressClock()
        score_dataset(
            open_dataset(data),
            output,
            bundle=options.bundle,
            device="cpu",
            workers=workers,
            executor=executor,
            watch=clocks[executor],
        )
        outputs[executor] = output.read_text().splitlines()
    same = sum(a == b for a, b in zip(outputs["local"], outputs["ray"], strict=True)) / len(outputs["local"])
    return [
        Figure("ray_same", "rows that are the same on Ray, as texts", same, 1.0),
        Figure("ray_one", "rows a second of one worker process", clocks["local"].rate()),
        Figure("ray_two", "rows a second of two actors on Ray", clocks["ray"].rate()),
        Figure("ray_ratio", "that, of one process's", clocks["ray"].rate() / clocks["local"].rate()),
    ]


class ProgressClock:
    """Watches a run, and notes how many rows were done when."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._marks: list[tuple[int, float]] = []

    def __call__(self, now: Progress) -> None:
        if now.done:
            self._marks.append((now.done, time.perf_counter() - self._start))

    def seconds(self, index: int) -> float:
        """Until the first row (1), or the last (0)."""
        return self._marks[index - 1][1]

    def rate(self) -> float:
        """Rows a second after the first third; of rows that came together, the last is where the count begins."""
        last, end = self._marks[-1]
        first, begin = next(
            mark for mark, following in pairwise(self._marks)
            if mark[0] >= last / 3 and following[1] - mark[1] > TOGETHER
        )  # fmt: skip
        return (last - first) / (end - begin)


if __name__ == "__main__":
    main()
