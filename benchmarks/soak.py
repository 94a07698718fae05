"""Does a Scorer last, and can threads share it? Memory over many scores; scores and throughput of threads together.

python benchmarks/soak.py --scores 10000 --threads 8
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from statistics import mean

from editjudge import EditIntent, EditScore, Scorer, image
from editjudge.demo import load_demo
from reporting import Figure, progress, show

Edit = tuple[image.Image, image.Image, EditIntent]


def resident() -> float:
    """MiB of this process in memory now, without mapped files, which come and go as the system likes; Linux only."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("RssAnon:")[1].split()[0]) / 2**10


def demo_edits(scorer: Scorer) -> list[Edit]:
    """Every candidate of the demo, decoded and parsed, so that what is measured is the scorer."""
    return [
        (image.load(each.original), image.load(candidate.file), scorer.parse(each.instruction))
        for each in load_demo()
        for candidate in each.candidates
    ]


def soak(scorer: Scorer, edits: list[Edit], count: int) -> tuple[float, float]:
    """MiB in memory during the second tenth of the scores, the first being for warming up, and during the last."""
    samples = []
    for index, edit in enumerate(progress(islice(cycle(edits), count), count, "scoring")):
        scorer.score(*edit)
        if index % max(1, count // 200) == 0:
            samples.append(resident())
    tenth = max(1, len(samples) // 10)
    return mean(samples[tenth : 2 * tenth]), mean(samples[-tenth:])


def together(scorer: Scorer, edits: list[Edit], workers: int) -> tuple[float, list[EditScore]]:
    """Edits per second by so many threads, and the scores in the order of the edits."""
    with ThreadPoolExecutor(workers) as pool:
        start = time.perf_counter()
        scores = list(pool.map(lambda edit: scorer.score(*edit), edits))
        return len(edits) / (time.perf_counter() - start), scores


def largest_difference(one: list[EditScore], other: list[EditScore]) -> float:
    """Of the BPM; infinite where flags, boxes or what was found differ."""
    same = all(
        (a.flags, a.explanation, a.region, a.regions.keys()) == (b.flags, b.explanation, b.region, b.regions.keys())
        and all(len(a.regions[side]) == len(b.regions[side]) for side in a.regions)
        for a, b in zip(one, other, strict=True)
    )
    return max(abs(a.bpm - b.bpm) for a, b in zip(one, other, strict=True)) if same else float("inf")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--scores", type=int, default=10_000, help="how many scores memory is watched over")
    options.add_argument("--workers", type=int, default=8, help="the threads that share the Scorer")
    options.add_argument("--threads", type=int, help="the CPU threads of each model; by default all cores")
    options.add_argument("--rounds", type=int, default=5, help="how often each number of workers is timed, in turn")
    asked = options.parse_args()
    if min(asked.rounds, asked.workers) < 1 or asked.scores < 200:
        options.error("--rounds and --workers must be at least 1, and --scores at least 200")
    scorer = Scorer.load(asked.bundle, device="cpu", threads=asked.threads)
    edits = demo_edits(scorer)
    alone = together(scorer, edits, 1)[1]

    numbers = sorted({1, 2, 4, asked.workers})
    fastest = dict.fromkeys(numbers, 0.0)
    difference = 0.0
    for _ in progress(range(asked.rounds), asked.rounds, "threads"):
        for workers in numbers:
            rate, scores = together(scorer, edits, workers)
            fastest[workers] = max(fastest[workers], rate)
            difference = max(difference, largest_difference(alone, scores))
    before, after = soak(scorer, edits, asked.scores)
    shared = fastest[asked.workers] / max(fastest.values())
    figures = [
        Figure("growth", f"memory over {asked.scores:,} scores: growth", 100 * (after / before - 1), 2, False, " %"),
        Figure("resident", "resident at the end, without mapped files", after, unit=" MiB"),
        *(Figure(f"rate_{workers}", f"{workers} threads: edits a second", fastest[workers]) for workers in numbers),
        Figure("shared", f"{asked.workers} threads: throughput, as a share of the best", shared, 0.95),
        Figure("difference", f"{asked.workers} threads against one: largest difference of a BPM", difference, 0, False),
    ]
    show("soak", figures, threads=asked.threads, scores=asked.scores)
    sys.exit(not all(figure.met in (None, True) for figure in figures if figure.key in ("growth", "difference")))


if __name__ == "__main__":
    main()
