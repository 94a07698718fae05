"""What does it cost to run? Time of one warm edit, memory of one scorer with its parser, size of the wheel.

python -m benchmarks.latency.footprint --bundle studio --threads 2
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common.paths import ROOT
from benchmarks.common.reporting import Figure, show
from editjudge import Scorer
from editjudge.benchmarking.inputs import demo_edits
from editjudge.benchmarking.latency import PARTS, summarize, time_edits
from editjudge.benchmarking.system_info import peak_memory, resident_memory


def weigh_wheel() -> float:
    """Builds the wheel and returns its size in megabytes (10^6 bytes)."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, str(ROOT)]
        subprocess.run(command, check=True)
        return next(Path(folder).glob("*.whl")).stat().st_size / 1e6


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--threads", type=int, default=2)
    command_line.add_argument("--rounds", type=int, default=5, help="how often each of the demo's edits is timed")
    command_line.add_argument("--no-wheel", action="store_true", help="do not build the wheel")
    options = command_line.parse_args()
    start = time.perf_counter()
    scorer = Scorer.load(options.bundle, device="cpu", threads=options.threads, keep_answers=False)
    loading = 1000 * (time.perf_counter() - start)
    (milliseconds,) = time_edits([scorer], demo_edits(), options.rounds)
    times = {name: summarize(values) for name, values in milliseconds.items()}
    resident, peak = ((measured or 0) / 2**30 for measured in (resident_memory(), peak_memory()))
    figures = [
        Figure("latency_p50", "one warm edit, parse cached: p50", times["total"]["p50"], 150, False, " ms"),
        Figure("latency_p95", "one warm edit, parse cached: p95", times["total"]["p95"], unit=" ms"),
        *(Figure(f"{part}_p50", f"of that, {part}: p50", times[part]["p50"], unit=" ms") for part in PARTS),
        Figure("loading", "loading a Scorer", loading, unit=" ms"),
        Figure("memory", "resident memory of one Scorer, parser loaded", resident, 1.2, False, " GiB"),
        Figure("memory_peak", "the most resident memory there was", peak, unit=" GiB"),
    ]  # fmt: skip
    if not options.no_wheel:
        figures.append(Figure("wheel", "size of the wheel", weigh_wheel(), 40, False, " MB"))
    show("footprint", figures, threads=options.threads, rounds=options.rounds)


if __name__ == "__main__":
    main()
