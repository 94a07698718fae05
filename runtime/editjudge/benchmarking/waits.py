"""How long a user waits for one bundle: for an edit that is new to it, and for one more candidate of an original."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from editjudge.benchmarking.inputs import group_candidates
from editjudge.benchmarking.latency import LOADER, Configuration, Summary, summarize, time_call
from editjudge.datasets import EditSample
from editjudge.scorer import Scorer
from editjudge.types import Placement

FRESH, FURTHER = "fresh", "further"
WAYS = (FRESH, FURTHER)
"""An edit of which nothing is known: both pictures are decoded, the instruction parsed, the edit scored. And a further
candidate of an original that was prepared: its picture is decoded and scored."""
MOST_SECONDS = 60.0
"""Of timing one bundle, though an edit that has begun is finished: rounds and edits that do not fit are left out."""


@dataclass(frozen=True)
class TimedBundle:
    """How long edits take with one bundle.

    Attributes:
        configuration: What was timed.
        title: Its name and version.
        description: What it is for, as its manifest says.
        look: How it looked at edited pictures.
        models: What each model ran on, by role.
        judged: How many of the edits that were timed have a number, of how many.
        ms: Of the instructions that were parsed ("parse", a part of FRESH), and by way.
    """

    configuration: Configuration
    title: str
    description: str
    look: str
    models: Mapping[str, Placement]
    judged: tuple[int, int]
    ms: Mapping[str, Summary]

    @property
    def name(self) -> str:
        return self.configuration.name

    @property
    def on_cpu(self) -> bool:
        """Whether all models ran on the processor."""
        return all(placement.device == "cpu" for placement in self.models.values())

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "bundle": self.title,
            "description": self.description,
            "device": self.configuration.device,
            "look": self.look,
            "models": {role: placement.to_dict() for role, placement in self.models.items()},
            "judged": self.judged[0],
            "edits": self.judged[1],
            "ms": dict(self.ms),
        }


def measure_waits(
    configuration: Configuration, edits: Sequence[EditSample], rounds: int, advance: Callable[[], None] = lambda: None
) -> TimedBundle:
    """Opens a bundle, times every edit up to `rounds` times in both ways, and closes it. `advance` is called after
    each edit.

    Raises BundleError, DeviceError or OutOfMemoryError where the bundle cannot be used, and InputError for an edit
    that cannot be scored.
    """
    bundle, device, threads = configuration.bundle, configuration.device, configuration.threads
    with Scorer.load(bundle, device, threads, keep_answers=False) as scorer:
        times, judged = time_waits(scorer, edits, rounds, advance=advance)
        return TimedBundle(
            configuration,
            f"{scorer.bundle.name} {scorer.bundle.version}",
            scorer.bundle.manifest.description,
            scorer.look,
            scorer.placements,
            (sum(judged), len(judged)),
            {name: summarize(values) for name, values in times.items()},
        )


def time_waits(
    scorer: Scorer,
    edits: Sequence[EditSample],
    rounds: int,
    *,
    most_seconds: float = MOST_SECONDS,
    advance: Callable[[], None] = lambda: None,
) -> tuple[dict[str, list[float]], list[bool]]:
    """Milliseconds by "parse", once an instruction, and by way; and of each edit in the order in which they were first
    timed, by their originals, whether it has a number.

    A parse is remembered, so the time of an instruction's first one is added to each time that is FRESH. What is opened
    with the first edit that needs it is not counted.
    """
    times: dict[str, list[float]] = {"parse": [], FRESH: [], FURTHER: []}
    judged: list[bool] = []
    parsing: dict[str, float] = {}
    scorer.parse(LOADER)
    end = time.perf_counter() + most_seconds
    for turn in range(rounds):
        for (original, instruction), candidates in group_candidates(edits).items():
            if instruction not in parsing:
                _, parsing[instruction] = time_call(partial(scorer.parse, instruction))
                times["parse"].append(parsing[instruction])
            prepared = scorer.prepare(original, instruction)
            for edited in candidates:
                if turn == 0:  # untimed: it opens what such an edit needs and none before did
                    judged.append(prepared.score(edited).value is not None)
                _, fresh = time_call(partial(scorer.score, original, edited, instruction))
                _, further = time_call(partial(prepared.score, edited))
                times[FRESH].append(fresh + parsing[instruction])
                times[FURTHER].append(further)
                advance()
                if time.perf_counter() >= end:
                    return times, judged
    return times, judged
