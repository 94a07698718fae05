"""How long does one edit take: warm, from a cold start, and how much of it is spent outside the models?

    python -m benchmarks.latency.edit_latency [--bundle FOLDER ...] [--rounds 20]

Glue is everything but the models' runs: resizing, tensors, choosing boxes, judging, explaining. It is measured with
every bundle, on pictures of 1024 x 1024 that are already decoded and instructions that are already parsed; everything
else is measured with the studio bundle.
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import Any

import cv2

from benchmarks.common.reporting import Figure, progress, show
from editjudge import Scorer
from editjudge.backends.onnx.session import Session
from editjudge.benchmarking.cold_start import combine, measure_cold_start
from editjudge.benchmarking.inputs import demo_edits
from editjudge.benchmarking.latency import Configuration, summarize, time_edits
from editjudge.bundles.bundle import Bundle
from editjudge.image.decode import ImageSource, load_image
from editjudge.types import Image

SIDE = 1024


class InferenceTimer:
    """Adds up the milliseconds that are spent inside ONNX Runtime while it is entered."""

    def __init__(self) -> None:
        self.ms = 0.0
        self._run = Session.run

    def __enter__(self) -> InferenceTimer:
        def run(session: Session, feeds: Any) -> Any:
            start = time.perf_counter()
            try:
                return self._run(session, feeds)
            finally:
                self.ms += 1000 * (time.perf_counter() - start)

        Session.run = run  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        Session.run = self._run  # type: ignore[method-assign]


def measure_glue(bundle: str, rounds: int, threads: int, most: int | None = None) -> tuple[float, float]:
    """The milliseconds of an edit that are not spent in a model, and their share of it in percent: medians.

    Args:
        bundle: Its name or its folder.
        rounds: How often every edit is scored.
        threads: CPU threads of the models.
        most: How many of the demo's edits are used; None: all.
    """
    scorer = Scorer.load(bundle, "cpu", threads)
    edits = [
        (_load_large(original), _load_large(edited), instruction)
        for original, edited, instruction in (sample.edit() for sample in demo_edits()[:most])
    ]
    for edit in edits:
        scorer.score(*edit)
    glue, shares = [], []
    for _ in progress(range(rounds), rounds, f"glue of {scorer.bundle.name}"):
        for edit in edits:
            with InferenceTimer() as models:
                start = time.perf_counter()
                scorer.score(*edit)
                total = 1000 * (time.perf_counter() - start)
            glue.append(total - models.ms)
            shares.append(glue[-1] / total)
    return median(glue), 100 * median(shares)


def _load_large(source: ImageSource) -> Image:
    return cv2.resize(load_image(source), (SIDE, SIDE))


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", nargs="*", default=[], help="folders of further bundles, for their glue")
    command_line.add_argument("--threads", type=int, default=2)
    command_line.add_argument(
        "--rounds", type=int, default=20, help="of the demo's edits; of a further bundle one round of four edits"
    )
    command_line.add_argument("--starts", type=int, default=10, help="cold starts")
    options = command_line.parse_args()
    scorer = Scorer.load("studio", "cpu", options.threads)
    warm = summarize(time_edits([scorer], demo_edits(), options.rounds)[0]["total"])
    configuration = Configuration("studio", "cpu", options.threads)
    first = demo_edits()[0]
    starts = progress(range(options.starts), options.starts, "cold starts")
    cold = combine([measure_cold_start(configuration, first) for _ in starts])["ms"]
    figures = [
        Figure("warm", "studio: one warm edit, parse cached: p50", warm["p50"], 80, False, " ms"),
        Figure("warm_p95", "of that, p95", warm["p95"], unit=" ms"),
        Figure("cold", f"studio: cold start to the first score, median of {options.starts}", cold["total"] / 1000, 2.5,
               False, " s"),
        Figure("cold_least", "the least", cold["least"] / 1000, unit=" s"),
        Figure("cold_most", "the most", cold["most"] / 1000, unit=" s"),
    ]  # fmt: skip
    for bundle in ("studio", *options.bundle):
        name = Bundle.load(bundle).name
        rounds, most = (options.rounds, None) if bundle == "studio" else (1, 4)
        ms, share = measure_glue(bundle, rounds, options.threads, most)
        figures.append(Figure(f"glue_{name}", f"{name}: judges and glue at {SIDE} x {SIDE}", ms, 5, False, " ms"))
        figures.append(Figure(f"share_{name}", "of that edit", share, 3, False, " %"))
    show("latency", figures, threads=options.threads, rounds=options.rounds)


if __name__ == "__main__":
    main()
