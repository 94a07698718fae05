"""Does a process that opens, uses and closes Scorers keep its size? Linux.

python -m benchmarks.reliability.lifecycle --scorers 1000
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.reliability.edits import comparable, record_known
from editjudge import Scorer


def resident_memory() -> float:
    """MiB of this process that are in memory now, mapped files among them; Linux."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 2**10


def mapped_files() -> int:
    """How many different files are mapped into this process; Linux."""
    lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    return len({line.split(maxsplit=5)[5] for line in lines if len(line.split(maxsplit=5)) == 6})


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--scorers", type=int, default=1000)
    options = command_line.parse_args()
    if options.scorers < 20:
        command_line.error("--scorers must be at least 20")
    with Scorer.load(options.bundle, device="cpu") as scorer:
        known = record_known(scorer)
    sizes, files, wrong = [], [], 0
    for index in progress(range(options.scorers), options.scorers, "opening"):
        edit = known[index % len(known)]
        # Answers are not kept, so that the language model is loaded and asked each time.
        with Scorer.load(options.bundle, device="cpu", keep_answers=False) as scorer:
            wrong += comparable(scorer.score(edit.original, edit.edited, edit.instruction)) != edit.answer
        sizes.append(resident_memory())
        files.append(mapped_files())
    tenth = max(1, len(sizes) // 10)
    before, after = mean(sizes[tenth : 2 * tenth]), mean(sizes[-tenth:])
    figures = [
        Figure("growth", "resident memory, last tenth against the second", 100 * (after / before - 1), 5, False, " %"),
        Figure("resident", "resident after the last was closed", sizes[-1], unit=" MiB"),
        Figure("mappings", "mapped files more after the last than after the first", files[-1] - files[0], 0, False),
        Figure("wrong", "scores that differ from the first Scorer's", wrong, 0, False),
    ]
    show(f"{options.scorers:,} Scorers opened, used and closed in one process", figures)
    sys.exit(not all(figure.met in (None, True) for figure in figures))


if __name__ == "__main__":
    main()
