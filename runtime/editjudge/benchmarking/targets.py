"""Whether bundles meet a latency that the user names, in sentences; and what might, where none does."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from editjudge.benchmarking.latency import Summary
from editjudge.benchmarking.waits import FRESH, FURTHER, WAYS, TimedBundle
from editjudge.bundles.catalog import RecipeSummary
from editjudge.errors import InputError, quote_value
from editjudge.types import Look

LONGEST = 86_400_000.0
"""Milliseconds, a day: the largest target."""
LIGHTEST = "photo-lite"
"""The recipe that is made for machines on which others take too long."""
COMMANDS = {FRESH: "score", FURTHER: "rank"}
ARGUMENTS = {FRESH: "score ORIGINAL EDITED INSTRUCTION", FURTHER: "rank ORIGINAL INSTRUCTION EDITED..."}
"""What is typed to score in each way."""


@dataclass(frozen=True)
class UntimedBundle:
    """A bundle of which nothing is known.

    Attributes:
        reason: Why it was not timed, and what to do.
        description: What it is for; empty where that cannot be read.
    """

    name: str
    reason: str
    description: str = ""


def check_target(milliseconds: float) -> None:
    """Raises InputError for what is no time."""
    if not 0 < milliseconds <= LONGEST:
        given = quote_value(milliseconds)
        raise InputError(f"--target-ms is {given}; give milliseconds, a number over 0, and {LONGEST:,.0f} at most")


def list_unbuilt(recipes: Iterable[RecipeSummary]) -> list[UntimedBundle]:
    """The bundles that could be built."""
    return [
        UntimedBundle(
            recipe.name, f"it is not here; build it with: editjudge bundle build {recipe.name}", recipe.description
        )
        for recipe in recipes
    ]


def judge_target(target: float, timed: Sequence[TimedBundle], untimed: Sequence[UntimedBundle]) -> dict[str, Any]:
    """What `bench --target-ms` prints of bundles: "target_ms"; "bundles", each with what it took and, by way, the look
    that is best, whether it "meets" the target with it, by how many milliseconds ("spare_ms", below 0: it misses), the
    "commands", and a "sentence"; "not_measured"; and "advice", sentences, which is empty where a bundle meets it.

    A way meets the target where 95 in 100 edits do.
    """
    bundles = [
        {
            **bundle.to_dict(),
            "look": {way: pick_look(bundle, way, target) for way in WAYS},
            "meets": {way: meets(bundle, way, target) for way in WAYS},
            "spare_ms": {way: round(target - _best(bundle, way, target)["p95"], 3) for way in WAYS},
            "commands": {way: name_command(bundle, way, target) for way in WAYS},
            "sentence": describe(bundle, target),
        }
        for bundle in timed
    ]
    return {
        "target_ms": target,
        "bundles": bundles,
        "not_measured": [asdict(bundle) for bundle in untimed],
        "advice": list(_advise(target, timed, untimed)),
    }


def pick_look(bundle: TimedBundle, way: str, target: float) -> Look:
    """The bundle's own, where that meets the target; else the quickest."""
    if bundle.ms[bundle.look][way]["p95"] <= target:
        return bundle.look
    return min(bundle.ms, key=lambda look: bundle.ms[look][way]["p95"])


def meets(bundle: TimedBundle, way: str, target: float) -> bool:
    """Whether 95 in 100 edits take no longer than so many milliseconds."""
    return _best(bundle, way, target)["p95"] <= target


def name_command(bundle: TimedBundle, way: str, target: float) -> str:
    """The command line that scores as was timed."""
    chosen = bundle.configuration
    options = [f"--bundle {shlex.quote(chosen.bundle)}"]
    options += [f"--device {chosen.device}"] if chosen.device != "auto" else []
    options += [f"--threads {chosen.threads}"] if chosen.threads is not None else []
    return " ".join(["editjudge", ARGUMENTS[way], *options, f"--look {pick_look(bundle, way, target)}"])


def describe(bundle: TimedBundle, target: float) -> str:
    """Whether a bundle meets the target, by what, and with which command."""
    limit = format_target(target)
    best = {way: _best(bundle, way, target) for way in WAYS}
    fresh, further = (format_ms(best[way]["p95"]) for way in WAYS)
    spare = {way: target - best[way]["p95"] for way in WAYS}
    score, rank = (f"editjudge {name} --look {pick_look(bundle, way, target)}" for way, name in COMMANDS.items())
    if meets(bundle, FRESH, target):
        said = (
            f"meets {limit} with {format_ms(spare[FRESH])} to spare: 95 in 100 fresh edits take at most {fresh} "
            f"({score}), further candidates of one original {further}"
        )
        said += f" ({rank})" if meets(bundle, FURTHER, target) else ", which is too long"
    elif meets(bundle, FURTHER, target):
        said = (
            f"meets {limit} only for further candidates of one original, with {format_ms(spare[FURTHER])} to spare: "
            f"95 in 100 take at most {further} ({rank}), fresh edits {fresh}, "
            f"{format_ms(-spare[FRESH])} too long{_name_half(best[FRESH], target)}"
        )
    else:
        said = (
            f"misses {limit} by {format_ms(-max(spare.values()))} at the least: 95 in 100 fresh edits take at most "
            f"{fresh}{_name_half(best[FRESH], target)}, further candidates of one original {further}"
            f"{_name_half(best[FURTHER], target)}"
        )
    judged, count = bundle.judged
    doubt = "; it could judge none of these pictures, and may take another time for those that it can"
    return f"{bundle.name} {said}{doubt if count and not judged else ''}"


def format_ms(milliseconds: float) -> str:
    return f"{milliseconds:,.0f} ms" if milliseconds >= 10 else f"{milliseconds:,.2g} ms"


def format_target(target: float) -> str:
    """As it was named."""
    return f"{target:,.10g} ms"


def _best(bundle: TimedBundle, way: str, target: float) -> Summary:
    """With the look that is chosen."""
    return bundle.ms[pick_look(bundle, way, target)][way]


def _name_half(milliseconds: Summary, target: float) -> str:
    """Of what misses the target, that half of the edits do not, where that is so."""
    return f" (half of them at most {format_ms(milliseconds['p50'])})" if milliseconds["p50"] <= target else ""


def _advise(target: float, timed: Sequence[TimedBundle], untimed: Sequence[UntimedBundle]) -> Iterator[str]:
    """What might meet a target that no bundle meets."""
    if any(meets(bundle, way, target) for bundle in timed for way in WAYS):
        return
    least, way, quickest = min(
        ((_best(bundle, way, target)["p95"], way, bundle) for bundle in timed for way in WAYS),
        key=lambda found: found[0],
    )
    yield (
        f"no bundle that was timed meets {format_target(target)}; the least that could be met is "
        f"{format_target(math.ceil(least))}, with {name_command(quickest, way, target)}"
    )
    lightest = [bundle for bundle in untimed if bundle.name == LIGHTEST]
    if lightest:
        yield f"{LIGHTEST} might: {lightest[0].reason}"
    elif all(bundle.configuration.bundle != LIGHTEST for bundle in timed):
        yield f"{LIGHTEST} might, and was not timed: leave out --bundle, or give --bundle {LIGHTEST}"
    if all(bundle.on_cpu for bundle in timed):
        yield "a GPU might: everything ran on the processor; editjudge doctor says what is here and how to use it"
    yield (
        f"editjudge score ... --budget-ms {target:.10g} answers in about that time all the same, "
        "once its models are open, and says what was left out"
    )
