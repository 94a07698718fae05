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
from editjudge.bench import measure
from editjudge.demo import load_demo
from reporting import Figure, show

ROOT = Path(__file__).resolve().parents[1]


def wheel_megabytes() -> float:
    """Builds the wheel and weighs it, in megabytes (10^6 bytes)."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, str(ROOT)]
        subprocess.run(command, check=True)
        return next(Path(folder).glob("*.whl")).stat().st_size / 1e6


def memory_gib(field: str) -> float:
    """VmRSS (now resident) or VmHWM (the most there ever was) of this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split(f"{field}:")[1].split()[0]) / 2**20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--rounds", type=int, default=5, help="how often each of the demo's edits is timed")
    options.add_argument("--no-wheel", action="store_true", help="do not build the wheel")
    asked = options.parse_args()
    start = time.perf_counter()
    scorer = Scorer.load(asked.bundle, device="cpu", threads=asked.threads)
    loading = 1000 * (time.perf_counter() - start)
    taken = measure(scorer, load_demo(), asked.rounds)
    figures = [
        Figure("latency_p50", "one warm edit, parse cached: p50", taken["total"]["p50"], 150, False, " ms"),
        Figure("latency_p95", "one warm edit, parse cached: p95", taken["total"]["p95"], unit=" ms"),
        *(Figure(f"{stage}_p50", f"of that, {stage}: p50", taken[stage]["p50"], unit=" ms") for stage in taken
          if stage != "total"),
        Figure("loading", "loading a Scorer", loading, unit=" ms"),
        Figure("memory", "resident memory of one Scorer, parser loaded", memory_gib("VmRSS"), 1.2, False, " GiB"),
        Figure("memory_peak", "the most resident memory there was", memory_gib("VmHWM"), unit=" GiB"),
    ]  # fmt: skip
    if not asked.no_wheel:
        figures.append(Figure("wheel", "size of the wheel", wheel_megabytes(), 40, False, " MB"))
    show("footprint", figures, threads=asked.threads, rounds=asked.rounds)


if __name__ == "__main__":
    main()
