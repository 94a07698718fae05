"""How long does one edit take: warm, from a cold start, and how much of it is spent outside the models?

    python -m benchmarks.latency.edit_latency [--bundle FOLDER ...] [--rounds 20]

Glue is everything but the models' runs: resizing, tensors, choosing boxes, judging, explaining. It is measured with
every bundle, on pictures of 1024 x 1024 that are already decoded and instructions that are already parsed, and with the
studio bundle also in a frame of that size, as they are and with a picture that was shifted as well. Everything else is
measured with the studio bundle.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from statistics import median
from typing import Any

import cv2
import numpy as np

from benchmarks.common.reporting import Figure, progress, show
from editjudge import Scorer
from editjudge.backends.onnx.session import Session
from editjudge.benchmarking.cold_start import combine, measure_cold_start
from editjudge.benchmarking.inputs import demo_edits
from editjudge.benchmarking.latency import Configuration, summarize, time_edits
from editjudge.bundles.bundle import Bundle
from editjudge.image.decode import ImageSource, load_image
from editjudge.image.transforms import fit_frame
from editjudge.models.model_set import ModelSet
from editjudge.types import Image

SIDE = 1024
FULL_SIZE = (3000, 4000, 3)
"""Of a photograph as cameras take it."""
SHIFT = np.array([[1, 0, 3.3], [0, 1, -2.1]], np.float32)
"""In pixels of SIDE, what an editor might do to all of a picture."""


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


def open_bundle(bundle: str, threads: int, frame: int | None = None) -> Scorer:
    """Opens a bundle by its name or its folder on the CPU; frame: another one than its own."""
    opened = Bundle.load(bundle)
    if frame is not None:
        opened = replace(opened, manifest=replace(opened.manifest, frame=frame))
    return Scorer(ModelSet(opened, "cpu", threads))


def measure_glue(scorer: Scorer, rounds: int, most: int | None = None, *, shifted: bool = False) -> tuple[float, float]:
    """The milliseconds of an edit that are not spent in a model, and their share of it in percent: medians.

    Args:
        scorer: Scores the edits.
        rounds: How often every edit is scored.
        most: How many of the demo's edits are used; None: all.
        shifted: Whether all of the edited picture lies elsewhere (SHIFT).
    """
    edits = [
        (_load_large(original), _shift(_load_large(edited)) if shifted else _load_large(edited), instruction)
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


def measure_framing(rounds: int) -> float:
    """The milliseconds, a median, in which a decoded picture of 12 megapixels is brought into a frame of SIDE."""
    picture = cv2.resize(load_image(demo_edits()[0].edit()[0]), FULL_SIZE[1::-1])
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        fit_frame(picture, SIDE)
        spent.append(1000 * (time.perf_counter() - start))
    return median(spent)


def _load_large(source: ImageSource) -> Image:
    return cv2.resize(load_image(source), (SIDE, SIDE))


def _shift(picture: Image) -> Image:
    return cv2.warpAffine(picture, SHIFT, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


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
    figures.append(
        Figure("framing", f"a decoded picture of 12 megapixels into a frame of {SIDE}",
               measure_framing(options.rounds), 10, False, " ms")
    )  # fmt: skip
    for shifted in (False, True):
        ms, _ = measure_glue(open_bundle("studio", options.threads, SIDE), options.rounds, shifted=shifted)
        what = f"studio in a frame of {SIDE}{', all of it shifted' if shifted else ''}: judges and glue"
        figures.append(Figure(f"glue_frame{'_shifted' if shifted else ''}", what, ms, 5, False, " ms"))
    for bundle in ("studio", *options.bundle):
        scorer = open_bundle(bundle, options.threads)
        name = scorer.bundle.name
        rounds, most = (options.rounds, None) if bundle == "studio" else (1, 4)
        ms, share = measure_glue(scorer, rounds, most)
        figures.append(Figure(f"glue_{name}", f"{name}: judges and glue at {SIDE} x {SIDE}", ms, 5, False, " ms"))
        figures.append(Figure(f"share_{name}", "of that edit", share, 3, False, " %"))
    show("latency", figures, threads=options.threads, rounds=options.rounds)


if __name__ == "__main__":
    main()
