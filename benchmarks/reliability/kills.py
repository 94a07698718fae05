"""Does a run over a data set lose nothing, whenever it is killed?

    python -m benchmarks.reliability.kills --kills 50 --rows 2000

A run whose rows are grouped is killed at random moments, also while it starts, and resumed; if it finishes before all
kills are done, it starts again from the beginning. Of five kills one asks the process and its workers to end (SIGTERM),
the others end both by force (SIGKILL). Its edits are those of the demo, made small, over and over. Each run that comes
to its end must have written, to the byte, the table of one that was left alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import PIL.Image

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.datasets.runs import write_edits
from editjudge.batch import score_dataset
from editjudge.batch.runner import part_file
from editjudge.datasets import open_dataset
from editjudge.datasets.demo import load_demo
from editjudge.utils.pools import usable_cores

COMMAND = (sys.executable, "-c", "from editjudge.cli.main import main; main()", "score-dataset")
CANDIDATES = 8
"""Rows of one original, which follow one another."""
SMALL = (96, 96)
TERMINATED = 128 + signal.SIGTERM
HINT = "go on with --resume"


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--kills", type=int, default=50)
    command_line.add_argument("--rows", type=int, default=2000, help="rows of the run that is killed")
    command_line.add_argument("--workers", type=int, default=usable_cores())
    command_line.add_argument("--seed", type=int, default=0)
    options = command_line.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = kill_runs(write_small_edits(Path(folder) / "small.csv", options.rows), options)
    show(
        "data set runs that are killed",
        figures,
        workers=options.workers,
        seed=options.seed,
        cores=usable_cores(),
        load=os.getloadavg()[0],
    )


def write_small_edits(path: Path, rows: int) -> Path:
    """The demo's edits, small; the candidates of an original follow one another."""
    groups = []
    for number, example in enumerate(load_demo()):
        files = [example.original, *(candidate.file for candidate in example.candidates)]
        small = [path.parent / f"{number}-{place}.png" for place in range(len(files))]
        for file, target in zip(files, small, strict=True):
            with PIL.Image.open(file) as picture:
                picture.convert("RGB").resize(SMALL, PIL.Image.Resampling.BOX).save(target)
        groups.append((small[0].name, [file.name for file in small[1:]], example.instruction))

    def edits() -> Iterator[tuple[str, ...]]:
        for row in range(rows):
            group, candidate = divmod(row, CANDIDATES)
            original, edited, instruction = groups[group % len(groups)]
            yield f"r{row}", original, edited[candidate % len(edited)], instruction

    return write_edits(path, edits())


def kill_runs(data: Path, options: argparse.Namespace) -> list[Figure]:
    """Kills and resumes runs, and compares what they end with to the table of a run that was left alone."""
    whole, output = data.with_name("whole.jsonl"), data.with_name("scores.jsonl")
    start = time.perf_counter()
    score_dataset(open_dataset(data), whole, bundle=options.bundle, workers=options.workers)
    # Each start costs some seconds: with these moments, the kills last for one or two runs.
    longest = 2 * (4 + (time.perf_counter() - start) / options.kills)
    command = [*COMMAND, str(data), "-o", str(output), "--resume", "-b", options.bundle]
    command += ["--workers", str(options.workers)]
    moments, expected = random.Random(options.seed), whole.read_bytes()
    kills = ends = same = lost = unsaid = asked = 0
    known: dict[int, bytes] = {}
    bar = progress(range(options.kills), options.kills, "killing")
    while kills < options.kills:
        number = signal.SIGTERM if kills % 5 == 4 else signal.SIGKILL
        status, said = run_until(command, moments.uniform(0, longest), number)
        if status == 0:
            ends, same, known = ends + 1, same + (output.read_bytes() == expected), {}
            output.unlink()
            continue
        kills += 1
        next(bar)
        if output.exists():  # the kill came after the end: the next start finds nothing left to do
            lost += len(known) * (output.read_bytes() != expected)
            known = {}
            continue
        rows = read_rows(part_file(output))
        lost += sum(rows.get(row) != line for row, line in known.items())
        known = rows
        if status == TERMINATED and rows:
            asked, unsaid = asked + 1, unsaid + (HINT not in said)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    ends, same = ends + 1, same + (output.read_bytes() == expected)
    return [
        Figure("kills", f"times a run of {options.rows} rows was killed", kills),
        Figure("kills_runs", "runs that so came to their end", ends),
        Figure("kills_identical", "of these, identical to one that was not killed, as bytes", same / ends, 1.0),
        Figure("kills_lost", "rows that were done and lost", lost, 0, at_least=False),
        Figure("kills_asked", "of the kills, requests to end a run in which rows were done", asked),
        Figure("kills_unsaid", "of these, without a word on how to go on", unsaid, 0, at_least=False),
    ]


def run_until(command: list[str], seconds: float, number: signal.Signals) -> tuple[int, str]:
    """Runs a command and, after so many seconds, kills it and its workers; returns its status and what it said."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, number)
            _, said = process.communicate()
    return process.returncode, said


def read_rows(part: Path) -> dict[int, bytes]:
    """The whole lines of rows in the part file, by the numbers of their rows."""
    lines = part.read_bytes().split(b"\n")[1:-1] if part.exists() else []
    return {json.loads(line)["row"]: line for line in lines}


if __name__ == "__main__":
    main()
