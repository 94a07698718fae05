"""Does a Scorer last, and can threads share it? Memory over many scores; scores and throughput of several threads.

python -m benchmarks.latency.soak --scores 10000 --workers 8
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from statistics import mean

from benchmarks.common.reporting import Figure, progress, show
from editjudge import EditScore, ParseResult, Scorer
from editjudge.benchmarking.inputs import demo_edits
from editjudge.image.decode import load_image
from editjudge.types import Image

DecodedEdit = tuple[Image, Image, ParseResult]
"""The original, the edited picture, and what was asked for."""


def anonymous_memory() -> float:
    """MiB of this process that are in memory now, without mapped files, which the system drops as it likes; Linux."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("RssAnon:")[1].split()[0]) / 2**10


def load_edits(scorer: Scorer) -> list[DecodedEdit]:
    """Every candidate of the demo, decoded and parsed, so that only the scorer itself is measured."""
    return [
        (load_image(original), load_image(edited), scorer.parse(instruction))
        for original, edited, instruction in (sample.edit() for sample in demo_edits())
    ]


def soak(scorer: Scorer, edits: list[DecodedEdit], count: int) -> tuple[float, float]:
    """Scores `count` edits; the MiB in memory during the second tenth of them, after a warm-up, and during the last."""
    samples = []
    for index, edit in enumerate(progress(islice(cycle(edits), count), count, "scoring")):
        scorer.score(*edit)
        if index % max(1, count // 200) == 0:
            samples.append(anonymous_memory())
    tenth = max(1, len(samples) // 10)
    return mean(samples[tenth : 2 * tenth]), mean(samples[-tenth:])


def score_in_threads(scorer: Scorer, edits: list[DecodedEdit], workers: int) -> tuple[float, list[EditScore]]:
    """Edits per second of so many threads, and the scores in the order of the edits."""
    with ThreadPoolExecutor(workers) as pool:
        start = time.perf_counter()
        scores = list(pool.map(lambda edit: scorer.score(*edit), edits))
        return len(edits) / (time.perf_counter() - start), scores


def largest_difference(one: list[EditScore], other: list[EditScore]) -> float:
    """Of the scores' values; infinite where flags, boxes, or what was found or measured differ."""
    same = all(
        (a.flags, a.explanation, a.region, a.regions.keys()) == (b.flags, b.explanation, b.region, b.regions.keys())
        and all(len(a.regions[side]) == len(b.regions[side]) for side in a.regions)
        for a, b in zip(one, other, strict=True)
    )
    values = [(a.value, b.value) for a, b in zip(one, other, strict=True)]
    if not same or any((a is None) != (b is None) for a, b in values):
        return float("inf")
    return max((abs(a - b) for a, b in values if a is not None and b is not None), default=0.0)


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--scores", type=int, default=10_000, help="how many scores memory is watched over")
    command_line.add_argument("--workers", type=int, default=8, help="the threads that share the Scorer")
    command_line.add_argument("--threads", type=int, help="the CPU threads of each model; by default all cores")
    command_line.add_argument(
        "--rounds", type=int, default=5, help="how often each number of workers is timed, in turn"
    )
    options = command_line.parse_args()
    if min(options.rounds, options.workers) < 1 or options.scores < 200:
        command_line.error("--rounds and --workers must be at least 1, and --scores at least 200")
    scorer = Scorer.load(options.bundle, device="cpu", threads=options.threads)
    edits = load_edits(scorer)
    alone = score_in_threads(scorer, edits, 1)[1]

    numbers = sorted({1, 2, 4, options.workers})
    fastest = dict.fromkeys(numbers, 0.0)
    difference = 0.0
    for _ in progress(range(options.rounds), options.rounds, "threads"):
        for workers in numbers:
            rate, scores = score_in_threads(scorer, edits, workers)
            fastest[workers] = max(fastest[workers], rate)
            difference = max(difference, largest_difference(alone, scores))
    before, after = soak(scorer, edits, options.scores)
    throughput = fastest[options.workers] / max(fastest.values())
    crowd = f"{options.workers} threads"
    figures = [
        Figure("growth", f"memory over {options.scores:,} scores: growth", 100 * (after / before - 1), 2, False, " %"),
        Figure("resident", "resident at the end, without mapped files", after, unit=" MiB"),
        *(Figure(f"rate_{number}", f"{number} threads: edits a second", fastest[number]) for number in numbers),
        Figure("shared", f"{crowd}: throughput, as a share of the best", throughput, 0.95),
        Figure("difference", f"{crowd} against one: largest difference of a BPM", difference, 0, False),
    ]
    show("soak", figures, threads=options.threads, scores=options.scores)
    sys.exit(not all(figure.met in (None, True) for figure in figures if figure.key in ("growth", "difference")))


if __name__ == "__main__":
    main()
