"""Does score-dataset lose nothing when it is killed, use all cores, and give the same scores on Ray?

python benchmarks/dataset_run.py [kills|rate|ray ...] --kills 50 --rows 2000

kills: a run is killed (SIGKILL) at random moments, its start included, and resumed; where it gets to its end before
all kills are done, it begins anew. Its pictures are small and its instructions have no words, so that nothing is
parsed: what is tested is the run and not the scores. rate: the demo's edits, against the same rows in a loop with one
thread; the first third of a run, in which each worker reads models and instructions, is left out on both sides, and
told apart. ray: two actors against one worker process, on those edits.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from editjudge import Scorer
from editjudge.batch import Progress, score_dataset
from editjudge.batch.run import part_file
from editjudge.datasets import open_dataset
from editjudge.demo import load_demo
from editjudge.machine import usable_cores
from reporting import Figure, progress, show

PARTS = ("kills", "rate", "ray")
COLUMNS = ("id", "original", "edited", "instruction")
COMMAND = (sys.executable, "-c", "from editjudge.cli import main; main()", "score-dataset")
WORDLESS = "+++"
TOGETHER = 0.002
"""Seconds between rows that were handed over together, at most."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("parts", nargs="*", default=PARTS, metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--rows", type=int, default=2000, help="rows of the run that is killed")
    options.add_argument("--edits", type=int, default=600, help="rows of the runs that are timed")
    options.add_argument("--workers", type=int, default=usable_cores())
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        options.error(f"{', '.join(unknown)}: choose of {', '.join(PARTS)}")
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "kills" in asked.parts:
            figures += killed(small_edits(folder / "small.csv", asked.rows), asked)
        if {"rate", "ray"} & set(asked.parts):
            edits = demo_edits(folder / "demo.csv", asked.edits)
        if "rate" in asked.parts:
            figures += rate(edits, asked)
        if "ray" in asked.parts:
            figures += on_ray(edits, asked)
    show(
        f"data set runs: {', '.join(asked.parts)}",
        figures,
        workers=asked.workers,
        seed=asked.seed,
        cores=usable_cores(),
        load=os.getloadavg()[0],
    )


def small_edits(path: Path, rows: int) -> Path:
    noise = np.random.default_rng(0)
    for number in range(20):
        pixels = noise.integers(0, 255, (6, 8, 3), np.uint8)
        PIL.Image.fromarray(pixels).resize((96, 72)).save(path.parent / f"{number}.png")
    edits = ((f"r{row}", f"{row % 20}.png", f"{row * 7 % 19}.png", WORDLESS) for row in range(rows))
    return write(path, edits)


def demo_edits(path: Path, rows: int) -> Path:
    """The demo's edits, over and over; those of an instruction stand together, as in published sets."""
    once = [(given, each) for given in load_demo() for each in given.candidates]
    edits = (
        (f"r{row}", str(given.original), str(each.file), given.instruction)
        for row, (given, each) in ((row, once[row % len(once)]) for row in range(rows))
    )
    return write(path, edits)


def write(path: Path, edits: Any) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *edits])
    return path


def killed(data: Path, asked: argparse.Namespace) -> list[Figure]:
    whole = data.with_name("whole.jsonl")
    clock = Clock()
    score_dataset(open_dataset(data), whole, bundle=asked.bundle, workers=asked.workers, watch=clock)
    output, expected = data.with_name("scores.jsonl"), whole.read_bytes()
    command = [*COMMAND, str(data), "-o", str(output), "--resume", "-b", asked.bundle, "--workers", str(asked.workers)]
    work = clock.seconds(0) - clock.seconds(1)
    longest = 2 * (clock.seconds(1) + work / asked.kills)  # so that on average the kills last for one run
    moments = random.Random(asked.seed)
    kills = ends = same = lost = twice = 0
    known: set[int] = set()
    bar = progress(range(asked.kills), asked.kills, "killing")
    while kills < asked.kills:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(moments.uniform(0, longest))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            next(bar)
        if process.returncode == 0:
            ends, same, known = ends + 1, same + (output.read_bytes() == expected), set()
            output.unlink()
        else:
            done = rows_of(output)
            twice += len(done) - len(set(done))
            lost += len(known - set(done))
            known = set(done)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    ends, same = ends + 1, same + (output.read_bytes() == expected)
    names = [json.loads(line)["id"] for line in output.read_text().splitlines()]
    lost, twice = (
        lost + len({f"r{row}" for row in range(asked.rows)} - set(names)),
        twice + len(names) - len(set(names)),
    )
    return [
        Figure("kills", f"times a run of {asked.rows} rows was killed", kills),
        Figure("kills_runs", "runs that so came to their end", ends),
        Figure("kills_identical", "of these, identical to one that was not killed, as bytes", same / ends, 1.0),
        Figure("kills_lost", "rows lost", lost, 0, at_least=False),
        Figure("kills_twice", "rows scored twice", twice, 0, at_least=False),
    ]


def rows_of(output: Path) -> list[int]:
    """The rows that are done: those of whole lines of the part file or, killed as it ended, of the table itself."""
    if output.exists():
        return [int(json.loads(line)["id"][1:]) for line in output.read_text().splitlines()]
    part = part_file(output)
    lines = part.read_bytes().split(b"\n")[1:-1] if part.exists() else []
    return [json.loads(line)["row"] for line in lines]


def rate(data: Path, asked: argparse.Namespace) -> list[Figure]:
    edits = [row.edit() for row in open_dataset(data)]
    scorer = Scorer.load(asked.bundle, "cpu", threads=1)
    loop = Clock()
    for done, edit in enumerate(edits, 1):
        scorer.score(*edit)
        loop(Progress(len(edits), done, 0))
    clock = Clock()
    output = data.with_name("rate.jsonl")
    score_dataset(open_dataset(data), output, bundle=asked.bundle, device="cpu", workers=asked.workers, watch=clock)
    share = clock.rate() / (asked.workers * loop.rate())
    return [
        Figure("rate_loop", "rows a second in a loop, one thread", loop.rate()),
        Figure("rate", f"rows a second of score-dataset, {asked.workers} workers", clock.rate()),
        Figure("rate_share", "that, of workers x the loop's", share, 0.95),
        Figure("rate_start", "seconds until its first row", clock.seconds(1), unit=" s"),
    ]


def on_ray(data: Path, asked: argparse.Namespace) -> list[Figure]:
    if find_spec("ray") is None:
        print("ray is left out: pip install 'editjudge[ray]'", file=sys.stderr)
        return []
    outputs, clocks = [data.with_name(f"{name}.jsonl") for name in ("local", "ray")], (Clock(), Clock())
    for output, clock, engine, workers in zip(outputs, clocks, ("local", "ray"), (1, 2), strict=True):
        score_dataset(
            open_dataset(data), output, bundle=asked.bundle, device="cpu", workers=workers, engine=engine, watch=clock
        )
    one, two = (output.read_text().splitlines() for output in outputs)
    same = sum(a == b for a, b in zip(one, two, strict=True)) / len(one)
    return [
        Figure("ray_same", "rows that are the same on Ray, as texts", same, 1.0),
        Figure("ray_one", "rows a second of one worker process", clocks[0].rate()),
        Figure("ray_two", "rows a second of two actors on Ray", clocks[1].rate()),
        Figure("ray_ratio", "that, of one process's", clocks[1].rate() / clocks[0].rate()),
    ]


class Clock:
    """Notes when how many rows were done."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._seen: list[tuple[int, float]] = []

    def __call__(self, now: Progress) -> None:
        if now.done:
            self._seen.append((now.done, time.perf_counter() - self._start))

    def seconds(self, index: int) -> float:
        """Until the first row (1), or the last (0)."""
        return self._seen[index - 1][1]

    def rate(self) -> float:
        """Rows a second, once a third was done; rows come several at once, and count from the last of such on."""
        last, end = self._seen[-1]
        pauses = zip(self._seen, self._seen[1:], strict=False)
        first, begin = next(one for one, other in pauses if one[0] >= last / 3 and other[1] - one[1] > TOGETHER)
        return (last - first) / (end - begin)


if __name__ == "__main__":
    main()
