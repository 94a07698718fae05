"""How long a user waits for one bundle: for an edit that is new to it, and for one more candidate of an original."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

from editjudge.benchmarking.inputs import group_candidates
from editjudge.benchmarking.latency import LOADER, Configuration, Summary, summarize, time_call
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.roles import name_window_role
from editjudge.datasets import EditSample
from editjudge.parser.result import ParseResult
from editjudge.scorer import Scorer
from editjudge.types import Look, Placement

FRESH, FURTHER = "fresh", "further"
WAYS = (FRESH, FURTHER)
"""An edit of which nothing is known: both pictures are decoded, the instruction parsed, the edit scored. And a further
candidate of an original that was prepared: its picture is decoded and scored."""
LOOKS: tuple[Look, ...] = get_args(Look)
MOST_SECONDS = 60.0
"""Of timing one bundle, though an edit that has begun is finished: rounds and edits that do not fit are left out."""

WaitTimes = Mapping[Look, Mapping[str, list[float]]]
"""Milliseconds by look and way."""


@dataclass(frozen=True)
class TimedBundle:
    """How long edits take with one bundle.

    Attributes:
        configuration: What was timed.
        title: Its name and version.
        description: What it is for, as its manifest says.
        models: What each model ran on, by role.
        judged: How many of the edits that were timed have a number, of how many.
        parse: Milliseconds of the instructions that were parsed, a part of FRESH.
        ms: Milliseconds by look, the bundle's own first, and way.
    """

    configuration: Configuration
    title: str
    description: str
    models: Mapping[str, Placement]
    judged: tuple[int, int]
    parse: Summary
    ms: Mapping[Look, Mapping[str, Summary]]

    @property
    def name(self) -> str:
        return self.configuration.name

    @property
    def look(self) -> Look:
        """How the bundle looks at edited pictures where nobody says."""
        return next(iter(self.ms))

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
            "models": {role: placement.to_dict() for role, placement in self.models.items()},
            "judged": self.judged[0],
            "edits": self.judged[1],
            "ms": {"parse": self.parse, **{look: dict(ways) for look, ways in self.ms.items()}},
        }


def has_windows(bundle: Bundle) -> bool:
    """Whether a bundle can look at edited pictures only where they changed."""
    return bundle.has(name_window_role("detector", 0))


@contextmanager
def open_looks(configuration: Configuration) -> Iterator[dict[Look, Scorer]]:
    """Opens a bundle, and closes it: a scorer for each look that it can, its own first, which share its models.

    Raises BundleError, DeviceError or OutOfMemoryError.
    """
    bundle, device, threads = configuration.bundle, configuration.device, configuration.threads
    with Scorer.load(bundle, device, threads, keep_answers=False) as scorer:
        others = [look for look in LOOKS if look != scorer.look] if has_windows(scorer.bundle) else []
        yield {
            scorer.look: scorer,
            **{look: Scorer(scorer.models, keep_answers=False, look=look) for look in others},
        }


def measure_waits(
    configuration: Configuration, edits: Sequence[EditSample], rounds: int, advance: Callable[[], None] = lambda: None
) -> TimedBundle:
    """Opens a bundle, times every edit up to `rounds` times with each look and in each way, and closes it. `advance` is
    called after each edit.

    Raises BundleError, DeviceError or OutOfMemoryError where the bundle cannot be used, and InputError for an edit
    that cannot be scored.
    """
    with open_looks(configuration) as scorers:
        parsing, times, judged = time_waits(scorers, edits, rounds, advance=advance)
        scorer = next(iter(scorers.values()))
        return TimedBundle(
            configuration,
            f"{scorer.bundle.name} {scorer.bundle.version}",
            scorer.bundle.manifest.description,
            scorer.placements,
            (sum(judged), len(judged)),
            summarize(parsing),
            {look: {way: summarize(values) for way, values in ways.items()} for look, ways in times.items()},
        )


def time_waits(
    scorers: Mapping[Look, Scorer],
    edits: Sequence[EditSample],
    rounds: int,
    *,
    most_seconds: float = MOST_SECONDS,
    advance: Callable[[], None] = lambda: None,
) -> tuple[list[float], WaitTimes, list[bool]]:
    """Milliseconds of parsing each instruction; those of edits; and of each edit in the order in which they were first
    timed, by their originals, whether it has a number.

    Looks take turns. An instruction is parsed once, by the first scorer, which is added to each time that is FRESH.
    What is opened with the first edit that needs it is not counted.
    """
    times: WaitTimes = {look: {way: [] for way in WAYS} for look in scorers}
    judged: list[bool] = []
    requests: dict[str, tuple[ParseResult, float]] = {}
    first = next(iter(scorers.values()))
    orders = itertools.cycle([list(scorers), list(scorers)[::-1]])
    first.parse(LOADER)
    end = time.perf_counter() + most_seconds
    for turn in range(rounds):
        for (original, instruction), candidates in group_candidates(edits).items():
            if instruction not in requests:
                requests[instruction] = time_call(partial(first.parse, instruction))
            request, parsing = requests[instruction]
            prepared = {look: scorer.prepare(original, request) for look, scorer in scorers.items()}
            for edited in candidates:
                if turn == 0:  # untimed: it opens what such an edit needs and none before did
                    scores = [one.score(edited) for one in prepared.values()]
                    judged.append(scores[0].value is not None)
                for look in next(orders):
                    _, fresh = time_call(partial(scorers[look].score, original, edited, request))
                    _, further = time_call(partial(prepared[look].score, edited))
                    times[look][FRESH].append(fresh + parsing)
                    times[look][FURTHER].append(further)
                advance()
                if time.perf_counter() >= end:
                    return [spent for _, spent in requests.values()], times, judged
    return [spent for _, spent in requests.values()], times, judged
