"""What does it cost to run? Time of one warm edit, memory of one scorer with its parser, size of the wheel.

python benchmarks/footprint.py --bundle studio --threads 2
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from editjudge import Scorer
from editjudge.bench import PARTS, measure
from editjudge.demo import load_demo
from editjudge.machine import most_resident, resident
from reporting import Figure, show

ROOT = Path(__file__).resolve().parents[1]


def wheel_megabytes() -> float:
    """Builds the wheel and weighs it, in megabytes (10^6 bytes)."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, str(ROOT)]
        subprocess.run(command, check=True)
        return next(Path(folder).glob("*.whl")).stat().st_size / 1e6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--rounds", type=int, default=5, help="how often each of the demo's edits is timed")
    options.add_argument("--no-wheel", action="store_true", help="do not build the wheel")
    asked = options.parse_args()
    start = time.perf_counter()
    scorer = Scorer.load(asked.bundle, device="cpu", threads=asked.threads, keep_answers=False)
    loading = 1000 * (time.perf_counter() - start)
    taken = measure(scorer, load_demo(), asked.rounds)
    figures = [
        Figure("latency_p50", "one warm edit, parse cached: p50", taken["total"]["p50"], 150, False, " ms"),
        Figure("latency_p95", "one warm edit, parse cached: p95", taken["total"]["p95"], unit=" ms"),
        *(Figure(f"{part}_p50", f"of that, {part}: p50", taken[part]["p50"], unit=" ms") for part in PARTS),
        Figure("loading", "loading a Scorer", loading, unit=" ms"),
        Figure("memory", "resident memory of one Scorer, parser loaded", (resident() or 0) / 2**30, 1.2, False, " GiB"),
        Figure("memory_peak", "the most resident memory there was", (most_resident() or 0) / 2**30, unit=" GiB"),
    ]  # fmt: skip
    if not asked.no_wheel:
        figures.append(Figure("wheel", "size of the wheel", wheel_megabytes(), 40, False, " MB"))
    show("footprint", figures, threads=asked.threads, rounds=asked.rounds)


if __name__ == "__main__":
    main()
