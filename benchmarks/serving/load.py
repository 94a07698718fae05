"""What does a service answer under load and overload: how much, how soon, and is anything lost or wrong?

    python -m benchmarks.serving.load [--clients 64] [--seconds 60] [--overload 500]

Clients ask for scores of the demo's edits on loopback, and compare each answer with what a Scorer of the same bundle
says. Clients, service and Scorer share the machine's cores. The throughput is compared with that of `rank` over the
same edits in this process, whose models have all cores; it is measured before and after, and the mean counts.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from itertools import cycle

import numpy as np

from benchmarks.common.reporting import Figure, show
from benchmarks.serving.clients import Outcomes, ask_for, record_asked
from benchmarks.serving.service import run_service
from editjudge import Scorer
from editjudge.benchmarking.inputs import demo_edits, group_candidates

RANKED_FOR = 20.0
"""Seconds of each of the two measurements of `rank`."""
WARM_UP = 5.0


def measure_rank(scorer: Scorer, seconds: float) -> float:
    """Edits a second that `rank` scores; each ranking begins with its original and instruction."""
    groups = [(original, instruction, list(edited)) for (original, instruction), edited in
              group_candidates(demo_edits()).items()]  # fmt: skip
    scored, begun = 0, time.monotonic()
    for original, instruction, edited in cycle(groups):
        scored += len(scorer.prepare(original, instruction).rank(edited))
        if (spent := time.monotonic() - begun) >= seconds:
            return scored / spent
    raise AssertionError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--overload", type=int, default=500)
    options = parser.parse_args()
    with Scorer.load("studio", "cpu") as scorer:
        edits = record_asked(scorer)
        before = measure_rank(scorer, RANKED_FOR)
    with run_service() as service:
        asyncio.run(ask_for(service.address, edits, options.clients, WARM_UP))
        loaded = asyncio.run(ask_for(service.address, edits, options.clients, options.seconds))
        size = service.resident
        crowd = asyncio.run(ask_for(service.address, edits, options.overload, options.seconds, waits=False))
        growth = 100 * (service.resident / size - 1)
        service.wait_until_ready()
    with Scorer.load("studio", "cpu") as scorer:
        record_asked(scorer)
        after = measure_rank(scorer, RANKED_FOR)
    rate = len(loaded.seconds) / options.seconds
    figures = [
        *_tell(loaded, f"{options.clients} clients", "loaded"),
        Figure("rate", "answers a second", rate),
        Figure("rank_rate", "edits a second of rank in a process, mean of before and after", (before + after) / 2),
        Figure("throughput", "throughput against rank", 2 * rate / (before + after), 0.85),
        *_tell(crowd, f"{options.overload} clients", "crowd"),
        Figure("memory", "memory after overload, growth", growth, 3, False, " %"),
        Figure("resident", "resident memory of all its processes", size / 2**20, unit=" MiB"),
    ]
    show("a service under load", figures)


def _tell(outcomes: Outcomes, who: str, key: str) -> list[Figure]:
    refused = {name: number for name, number in outcomes.counts.items() if name.startswith("refused")}
    quantile = [float(np.quantile(outcomes.seconds, share)) if outcomes.seconds else float("nan") for share in
                (0.5, 0.99)]  # fmt: skip
    return [
        Figure(f"{key}_right", f"{who}: answered rightly", outcomes.counts["right"]),
        Figure(f"{key}_wrong", f"{who}: answered wrongly", outcomes.counts["wrong"], 0, False),
        Figure(f"{key}_lost", f"{who}: lost", outcomes.counts["lost"], 0, False),
        *(Figure(f"{key}_{name[-3:]}", f"{who}: {name}", number) for name, number in sorted(refused.items())),
        Figure(f"{key}_untold", f"{who}: refused without Retry-After", outcomes.untold, 0, False),
        Figure(f"{key}_p50", f"{who}: half of the answers within", 1000 * quantile[0], unit=" ms"),
        Figure(f"{key}_p99", f"{who}: 99 in 100 within", 1000 * quantile[1], unit=" ms"),
    ]


if __name__ == "__main__":
    main()
