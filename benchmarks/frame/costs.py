"""What a frame costs: bringing an edited picture into it, and an edit with the studio bundle outside its models."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import cv2

from benchmarks.common.reporting import progress
from benchmarks.latency.edit_latency import InferenceTimer
from editjudge import Scorer
from editjudge.benchmarking.inputs import demo_edits
from editjudge.bundles.bundle import Bundle
from editjudge.image.decode import load_image
from editjudge.metrics.bpm.metric import RULES
from editjudge.metrics.task import EditTask
from editjudge.models.model_set import ModelSet
from editjudge.types import EditIntent, Image
from studio.edits.drifts import shift

SHIFTED = 0.004
"""Of the longest side."""

FrameTimes = dict[str, dict[str, float]]
"""Milliseconds, medians: by what was done, and by frame."""


def open_scorer(longest: int, threads: int) -> Scorer:
    """The studio bundle on the CPU with another frame."""
    bundle = Bundle.load("studio")
    framed = replace(bundle, manifest=replace(bundle.manifest, frame=longest))
    return Scorer(ModelSet(framed, "cpu", threads))


def time_alignment(frames: Sequence[int], side: int, rounds: int) -> FrameTimes:
    """Of bringing an edited picture of a longest side of `side` pixels into the frame, and telling its kind; the frames
    in turn."""
    spent: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    pairs = [(_enlarge(edit[0], side), _enlarge(edit[1], side)) for edit in (one.edit() for one in demo_edits()[::5])]
    for original, edited in progress(pairs, len(pairs), f"aligning {side} pixels"):
        handed_in = {"edit": edited, "shifted": shift(original, round(SHIFTED * side))}
        tasks = {longest: _task(original, longest) for longest in frames}
        for _ in range(rounds):
            for what, picture in handed_in.items():
                for longest, task in tasks.items():
                    start = time.perf_counter()
                    task.align(picture)
                    spent[f"{side} x {side}, {what}"][f"frame {longest}"].append(time.perf_counter() - start)
    return _medians(spent)


def time_glue(frames: Sequence[int], side: int, rounds: int, threads: int) -> FrameTimes:
    """Of edits of pictures of `side` x `side` pixels, already decoded and parsed, what no model takes; in turn."""
    spent: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    scorers = {longest: open_scorer(longest, threads) for longest in frames}
    edits = [(_enlarge(one, side), _enlarge(other, side), text) for one, other, text in
             (sample.edit() for sample in demo_edits()[::5])]  # fmt: skip
    for round_ in progress(range(rounds + 1), rounds + 1, "glue"):
        for edit in edits:
            for longest, scorer in scorers.items():
                with InferenceTimer() as models:
                    start = time.perf_counter()
                    scorer.score(*edit)
                    total = time.perf_counter() - start
                if round_:  # the first parses the instruction
                    spent[f"{side} x {side}, outside the models"][f"frame {longest}"].append(total - models.ms / 1000)
                    spent[f"{side} x {side}, in the models"][f"frame {longest}"].append(models.ms / 1000)
    return _medians(spent)


def _task(original: Image, longest: int) -> EditTask:
    return EditTask.of(original, [EditIntent("remove", "object", None)], RULES[None], longest=longest)


def _enlarge(source: object, side: int) -> Image:
    return cv2.resize(load_image(source), (side, side), interpolation=cv2.INTER_CUBIC)  # type: ignore[arg-type]


def _medians(spent: dict[str, dict[str, list[float]]]) -> FrameTimes:
    return {
        what: {frame: 1000 * median(times) for frame, times in by_frame.items()} for what, by_frame in spent.items()
    }
