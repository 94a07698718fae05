"""How long an edit takes: warm, from a cold start, and how much of it is not a model's.

python benchmarks/latency.py [--bundle FOLDER ...] [--rounds 20]

Glue is all but the models' runs: resizing, tensors, choosing boxes, judging, explaining. It is measured on pictures of
1024 x 1024, already decoded and parsed, with each of the bundles; the rest with the studio bundle.
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import Any

import cv2

from editjudge import Scorer, engine, image
from editjudge.bench import Configuration, measure
from editjudge.bundle import Bundle
from editjudge.cold import cold_start, together
from editjudge.demo import load_demo
from editjudge.edits import edits_of
from reporting import Figure, progress, show

SIDE = 1024


class Stopwatch:
    """Adds up the time inside ONNX Runtime."""

    def __init__(self) -> None:
        self.ms = 0.0
        self._run = engine.Session.run

    def __enter__(self) -> Stopwatch:
        def run(session: engine.Session, feeds: Any) -> Any:
            start = time.perf_counter()
            try:
                return self._run(session, feeds)
            finally:
                self.ms += 1000 * (time.perf_counter() - start)

        engine.Session.run = run  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        engine.Session.run = self._run  # type: ignore[method-assign]


def glue(bundle: str, rounds: int, threads: int, most: int | None = None) -> tuple[float, float]:
    """Milliseconds of an edit that are not spent in a model, and their share: medians over at most so many edits."""
    scorer = Scorer.load(bundle, "cpu", threads)
    edits = [
        (*(cv2.resize(image.load(file), (SIDE, SIDE)) for file in (each.original, each.edited)), each.instruction)
        for each in edits_of(load_demo())[:most]
    ]
    for each in edits:
        scorer.score(*each)
    others, shares = [], []
    for _ in progress(range(rounds), rounds, f"glue of {scorer.bundle.name}"):
        for each in edits:
            with Stopwatch() as models:
                start = time.perf_counter()
                scorer.score(*each)
                total = 1000 * (time.perf_counter() - start)
            others.append(total - models.ms)
            shares.append(others[-1] / total)
    return median(others), 100 * median(shares)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", nargs="*", default=[], help="folders of further bundles, for their glue")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--rounds", type=int, default=20, help="of the demo's edits; of a further bundle one, of four")
    options.add_argument("--starts", type=int, default=10, help="cold starts")
    asked = options.parse_args()
    scorer = Scorer.load("studio", "cpu", asked.threads)
    warm = measure(scorer, load_demo(), asked.rounds)["total"]
    configuration = Configuration("studio", "cpu", asked.threads)
    first = edits_of(load_demo())[0]
    starts = progress(range(asked.starts), asked.starts, "cold starts")
    cold = together([cold_start(configuration, first) for _ in starts])["ms"]
    figures = [
        Figure("warm", "studio: one warm edit, parse cached: p50", warm["p50"], 80, False, " ms"),
        Figure("warm_p95", "of that, p95", warm["p95"], unit=" ms"),
        Figure("cold", f"studio: cold start to the first score, median of {asked.starts}", cold["total"] / 1000, 2.5,
               False, " s"),
        Figure("cold_least", "the least", cold["least"] / 1000, unit=" s"),
        Figure("cold_most", "the most", cold["most"] / 1000, unit=" s"),
    ]  # fmt: skip
    for bundle in ("studio", *asked.bundle):
        name = Bundle.load(bundle).name
        ms, share = (
            glue(bundle, asked.rounds, asked.threads) if bundle == "studio" else glue(bundle, 1, asked.threads, 4)
        )
        figures.append(Figure(f"glue_{name}", f"{name}: judges and glue at {SIDE} x {SIDE}", ms, 5, False, " ms"))
        figures.append(Figure(f"share_{name}", "of that edit", share, 3, False, " %"))
    show("latency", figures, threads=asked.threads, rounds=asked.rounds)


if __name__ == "__main__":
    main()
