"""How long edits take, stage by stage; two configurations in turn, edit by edit, where they are to be compared."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from editjudge import image
from editjudge.demo import DemoInput
from editjudge.edits import Edit, edits_of
from editjudge.errors import InputError
from editjudge.watch import STAGES

if TYPE_CHECKING:
    from editjudge.scorer import Scorer

PARTS = (*STAGES[1:], "other")
"""What an edit whose instruction was parsed before consists of; other: all that no stage counts as its own."""
LOADER = "turn one thing into another thing"
"""An instruction that loads the parser, which is not to be counted as parsing."""

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
            raise InputError(f"{text!r} is no configuration; write BUNDLE@DEVICE, such as studio@cpu")
        return cls(bundle or like.bundle, device or like.device, like.threads)

    @property
    def name(self) -> str:
        """Without the folder that the bundle lies in."""
        return f"{Path(self.bundle).name}@{self.device}"


def measure(
    scorer: Scorer, inputs: Sequence[DemoInput], rounds: int, advance: Callable[[], None] = lambda: None
) -> dict[str, Summary]:
    """A summary of each of the times that `time_edits` takes of one scorer."""
    return summaries(time_edits([scorer], edits_of(inputs), rounds, advance)[0])


def time_edits(
    scorers: Sequence[Scorer], edits: Sequence[Edit], rounds: int, advance: Callable[[], None] = lambda: None
) -> list[Times]:
    """Times every edit `rounds` times with each scorer, in turn, so that what else the machine does meets all alike.

    Scored are decoded pictures, with an instruction that was parsed before; decoding both is timed apart, and so is
    parsing, once for each instruction. `advance` is called after each score.
    """
    taken: list[dict[str, list[float]]] = [defaultdict(list) for _ in scorers]
    for scorer in scorers:
        scorer.parse(LOADER)
    for turn, instruction in enumerate(dict.fromkeys(edit.instruction for edit in edits)):
        for place in _order(len(scorers), turn):
            start = time.perf_counter()
            scorers[place].parse(instruction)
            taken[place]["parse"].append(_since(start))
    for scorer in scorers:
        scorer.score(edits[0].original, edits[0].edited, edits[0].instruction)
    for turn in range(rounds):
        for index, edit in enumerate(edits):
            start = time.perf_counter()
            pictures = image.load(edit.original), image.load(edit.edited)
            decoding = _since(start)
            for place in _order(len(scorers), turn + index):
                start = time.perf_counter()
                score = scorers[place].score(*pictures, edit.instruction)
                total = _since(start)
                parts = {name: score.timings_ms.get(name, 0.0) for name in STAGES[1:]}
                parts["other"] = max(0.0, total - sum(parts.values()))
                for name, value in {"decode": decoding, **parts, "total": total}.items():
                    taken[place][name].append(value)
                advance()
    return [{name: each[name] for name in ("decode", "parse", *PARTS, "total")} for each in taken]


def summaries(times: Times) -> dict[str, Summary]:
    return {name: summary(values) for name, values in times.items()}


def summary(milliseconds: Sequence[float]) -> Summary:
    p50, p95, p99 = np.percentile(milliseconds, [50, 95, 99])
    found = {"mean": np.mean(milliseconds), "p50": p50, "p95": p95, "p99": p99}
    return {**{name: round(float(value), 3) for name, value in found.items()}, "n": len(milliseconds)}


def ratio(first: Times, second: Times) -> dict[str, float]:
    """How many times as long as the first the second takes for the same edit: its median, and p5 and p95."""
    p5, p50, p95 = np.percentile(np.divide(second["total"], first["total"]), [5, 50, 95])
    return {name: round(float(value), 4) for name, value in {"p5": p5, "p50": p50, "p95": p95}.items()}


def _order(count: int, turn: int) -> Sequence[int]:
    """Who comes first alternates: the second finds the caches as the first left them."""
    return range(count) if turn % 2 == 0 else range(count - 1, -1, -1)


def _since(start: float) -> float:
    return 1000 * (time.perf_counter() - start)
