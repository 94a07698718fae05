"""How long edits take, stage by stage; two configurations in turn, edit by edit, where they are to be compared."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from editjudge.datasets import EditSample
from editjudge.errors import InputError, quote_value
from editjudge.image.decode import load_picture
from editjudge.utils.timing import STAGES

if TYPE_CHECKING:
    from editjudge.metrics.registry import EditScore
    from editjudge.scorer import Scorer

PARTS = (*STAGES[1:], "other")
"""The parts of an edit whose instruction was parsed before; other: all that no stage counts as its own."""
LOADER = "turn one thing into another thing"
"""An instruction that loads the parser, which is not to be counted as parsing."""

Returned = TypeVar("Returned")

Times = Mapping[str, Sequence[float]]
"""Milliseconds by name: "decode", "parse", the PARTS, and "total", which is their sum; one value an edit."""
Summary = dict[str, float]
"""Of milliseconds: "mean", "p50", "p95", "p99"; and "n", how many they were."""


@dataclass(frozen=True)
class Configuration:
    """What is measured: a bundle, by its name or its folder, on a device."""

    bundle: str
    device: str
    threads: int | None

    @classmethod
    def parse(cls, text: str, like: Configuration) -> Configuration:
        """BUNDLE@DEVICE, BUNDLE or @DEVICE; what is left out is as in `like`. Raises InputError."""
        bundle, _, device = text.partition("@")
        if not bundle and not device:
            raise InputError(f"{quote_value(text)} is no configuration; write BUNDLE@DEVICE, such as studio@cpu")
        return cls(bundle or like.bundle, device or like.device, like.threads)

    @property
    def name(self) -> str:
        """Without the folder that the bundle lies in."""
        return f"{Path(self.bundle).name}@{self.device}"


def time_edits(
    scorers: Sequence[Scorer], edits: Sequence[EditSample], rounds: int, advance: Callable[[], None] = lambda: None
) -> list[Times]:
    """Times every edit `rounds` times with each scorer, in turn, so that other load on the machine affects all alike.

    Pictures are decoded and instructions parsed before an edit is scored; decoding both pictures is timed separately,
    and so is parsing, once per instruction. `advance` is called after each score.
    """
    times: list[dict[str, list[float]]] = [defaultdict(list) for _ in scorers]
    for scorer in scorers:
        scorer.parse(LOADER)
    for turn, instruction in enumerate(dict.fromkeys(edit.edit()[2] for edit in edits)):
        for index in _order(len(scorers), turn):
            start = time.perf_counter()
            scorers[index].parse(instruction)
            times[index]["parse"].append(_since(start))
    for scorer in scorers:
        scorer.score(*edits[0].edit())
    for turn in range(rounds):
        for number, sample in enumerate(edits):
            original, edited, instruction = sample.edit()
            start = time.perf_counter()
            pictures = load_picture(original), load_picture(edited)
            decoding = _since(start)
            for index in _order(len(scorers), turn + number):
                _, parts = time_score(partial(scorers[index].score, *pictures, instruction))
                for name, value in {"decode": decoding, **parts}.items():
                    times[index][name].append(value)
                advance()
    return [{name: values[name] for name in ("decode", "parse", *PARTS, "total")} for values in times]


def time_score(score: Callable[[], EditScore]) -> tuple[EditScore, dict[str, float]]:
    """Scores once: the score, and the milliseconds of the PARTS and of "total"."""
    scored, total = time_call(score)
    parts = {stage: scored.timings_ms.get(stage, 0.0) for stage in STAGES[1:]}
    parts["other"] = max(0.0, total - sum(parts.values()))
    return scored, {**parts, "total": total}


def time_call(call: Callable[[], Returned]) -> tuple[Returned, float]:
    """What is returned, and after how many milliseconds."""
    start = time.perf_counter()
    return call(), _since(start)


def summarize(milliseconds: Sequence[float]) -> Summary:
    p50, p95, p99 = np.percentile(milliseconds, [50, 95, 99])
    summary = {"mean": np.mean(milliseconds), "p50": p50, "p95": p95, "p99": p99}
    return {**{name: round(float(value), 3) for name, value in summary.items()}, "n": len(milliseconds)}


def compare_times(first: Times, second: Times) -> dict[str, float]:
    """How many times as long as the first the second takes for the same edit: the median, p5 and p95."""
    ratios = np.percentile(np.divide(second["total"], first["total"]), [5, 50, 95])
    return {name: round(float(value), 4) for name, value in zip(("p5", "p50", "p95"), ratios, strict=True)}


def _order(count: int, turn: int) -> Sequence[int]:
    """Which scorer comes first alternates: the second finds the caches as the first left them."""
    return range(count) if turn % 2 == 0 else range(count - 1, -1, -1)


def _since(start: float) -> float:
    return 1000 * (time.perf_counter() - start)
