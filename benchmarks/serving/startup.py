"""How long does a service take from its start until it answers?

    python -m benchmarks.serving.startup [--rounds 7] [--workers 2]

From when the command is run to when "/health" says ready: the models are open and warm then. What is on disk is in the
memory of the system; a first start after a boot takes as long more as the disk takes to read some 300 MB. On a machine
that is busy with other things the time of the processor, which those hardly change, says more than the clock.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from statistics import median

from benchmarks.common.reporting import Figure, show
from benchmarks.serving.service import run_service

GOAL = 5.0


def time_starts(rounds: int, workers: int) -> tuple[list[float], list[float], int]:
    """Of each start its seconds, and those that processors worked for it; and the bytes in memory after the last."""
    with run_service("--workers", str(workers)) as service:
        spent, worked = [], []
        for _ in range(rounds):
            service.process.terminate()
            service.process.wait()
            service.start()
            spent.append(service.wait_until_ready())
            worked.append(read_processor_seconds(service.process.pid))
        return spent, worked, service.resident


def read_processor_seconds(process: int) -> float:
    """What a process has worked so far, without those that it has started. Needs /proc."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2, help="of the second case")
    options = parser.parse_args()
    one, worked, one_resident = time_starts(options.rounds, 1)
    several, _, several_resident = time_starts(options.rounds, options.workers)
    named = f"{options.workers} workers"
    figures = [
        Figure("start", "from start to ready, median", median(one), GOAL, False, " s"),
        Figure("start_worst", "the same, the slowest", max(one), unit=" s"),
        Figure("processor", "time that processors worked for it, median", median(worked), unit=" s"),
        Figure("memory", "in memory then", one_resident / 2**20, unit=" MiB"),
        Figure("start_workers", f"{named}: from start until one answers, median", median(several), unit=" s"),
        Figure("memory_workers", f"{named}: in memory, shared pages in each", several_resident / 2**20, unit=" MiB"),
    ]
    show("the start of a service", figures)


if __name__ == "__main__":
    main()
