"""What looking at edited pictures only where they changed saves, and what it does to their scores."""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.benchmarking.inputs import group_candidates
from editjudge.benchmarking.latency import PARTS, Configuration, compare_times, summarize, time_score
from editjudge.benchmarking.waits import LOOKS, MOST_SECONDS, has_windows, open_looks
from editjudge.bundles.bundle import Bundle
from editjudge.datasets import EditSample
from editjudge.errors import BundleError
from editjudge.image.decode import load_picture
from editjudge.metrics.registry import SUB_SCORES, EditScore
from editjudge.scorer import Scorer
from editjudge.types import Look


@dataclass
class LookRecord:
    """What candidates took and got, by look.

    Attributes:
        times: Milliseconds by look, then by part and in "total".
        scores: Of each candidate, once.
    """

    times: dict[Look, dict[str, list[float]]] = field(
        default_factory=lambda: {look: defaultdict(list) for look in LOOKS}
    )
    scores: dict[Look, list[EditScore]] = field(default_factory=lambda: {look: [] for look in LOOKS})


def check_windows(bundle: Bundle) -> None:
    """Raises BundleError where there is nothing to compare."""
    if not has_windows(bundle):
        raise BundleError(
            f"bundle {bundle.title} always looks at all of a picture, as it has no detector of windows, so that there "
            "is nothing to compare; name another with --bundle, or build it with [detector] windows in its recipe"
        )


def measure_looks(
    configuration: Configuration, edits: Sequence[EditSample], rounds: int, advance: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Scores every edit `rounds` times as a candidate of a prepared original with both looks, in turn: what `compare`
    says of it, with the bundle and its models. Pictures are decoded before. What does not fit into MOST_SECONDS is left
    out. `advance` is called after each.

    Raises BundleError where the bundle has no windows or cannot be opened, DeviceError, OutOfMemoryError or InputError.
    """
    check_windows(Bundle.load(configuration.bundle))
    with open_looks(configuration) as scorers:
        record = record_looks(scorers, edits, rounds, advance=advance)
        scorer = next(iter(scorers.values()))
        return {
            "name": configuration.name,
            "bundle": f"{scorer.bundle.name} {scorer.bundle.version}",
            "device": configuration.device,
            "models": {role: placement.to_dict() for role, placement in scorer.placements.items()},
            **compare(record),
        }


def record_looks(
    scorers: Mapping[Look, Scorer],
    edits: Sequence[EditSample],
    rounds: int,
    *,
    most_seconds: float = MOST_SECONDS,
    advance: Callable[[], None] = lambda: None,
) -> LookRecord:
    """Times and scores; the first look at a candidate is once the one and once the other.

    What is opened with the first candidate that needs it is not counted: each is scored once before it is timed.
    """
    record, turns = LookRecord(), itertools.count()
    first = next(iter(scorers.values()))
    end = time.perf_counter() + most_seconds
    for round_number in range(rounds):
        for (original, instruction), candidates in group_candidates(edits).items():
            request = first.parse(instruction)
            prepared = {look: scorer.prepare(original, request) for look, scorer in scorers.items()}
            for picture in map(load_picture, candidates):
                if round_number == 0:
                    for look in LOOKS:
                        record.scores[look].append(prepared[look].score(picture).without_evidence())
                for look in LOOKS if next(turns) % 2 == 0 else reversed(LOOKS):
                    _, spent = time_score(partial(prepared[look].score, picture))
                    for part, milliseconds in spent.items():
                        record.times[look][part].append(milliseconds)
                advance()
                if time.perf_counter() >= end:
                    return record
    return record


def compare(record: LookRecord) -> dict[str, Any]:
    """What the looks differ in.

    "candidates", how many were scored, of which "in_windows" were looked at in windows alone, "unseen" not at all, and
    "whole" as a whole, at least for one thing that was asked for; "share", the mean of what was looked at, of looking
    at all. "ms" by look and part; "time", the mean of looking where pictures changed, of that of looking at all;
    "time_in_windows", the same of candidates "in_windows", None where there is none; "ratio", the same of each
    candidate. "largest_change" by sub-score, None where no candidate has it with both looks; "measured_by_one", how
    many sub-scores only one look gives; and "same_verdicts", of how many candidates.
    """
    near, every = record.scores["changes"], record.scores["all"]
    windows = np.array([score.looked_at.reason is None for score in near])
    unseen = sum(score.looked_at.reason is not None and score.looked_at.share == 0 for score in near)
    ms = {look: {part: summarize(record.times[look][part]) for part in (*PARTS, "total")} for look in LOOKS}
    changes: dict[str, list[float]] = {name: [] for names in SUB_SCORES.values() for name in names}
    by_one = 0
    for one, other in zip(near, every, strict=True):
        for row, whole in zip(one.sub_scores, other.sub_scores, strict=True):
            if row.value is not None and whole.value is not None:
                changes[row.name].append(abs(row.value - whole.value))
            by_one += (row.value is None) != (whole.value is None)
    return {
        "candidates": len(near),
        "in_windows": int(windows.sum()),
        "unseen": unseen,
        "whole": len(near) - int(windows.sum()) - unseen,
        "share": round(float(np.mean([score.looked_at.share for score in near])), 4),
        "ms": ms,
        "time": round(ms["changes"]["total"]["mean"] / ms["all"]["total"]["mean"], 4),
        "time_in_windows": _compare_some(record, windows),
        "ratio": compare_times(record.times["all"], record.times["changes"]),
        "largest_change": {name: max(values) if values else None for name, values in changes.items()},
        "measured_by_one": by_one,
        "same_verdicts": sum(
            one.verdict.decision == other.verdict.decision for one, other in zip(near, every, strict=True)
        ),
    }


def _compare_some(record: LookRecord, chosen: NDArray[np.bool_]) -> float | None:
    """As "time", of some candidates; chosen: bool[N]. The rounds are of the same candidates, the last maybe cut."""
    if not chosen.any():
        return None
    near, every = (np.array(record.times[look]["total"]) for look in ("changes", "all"))
    counted = np.resize(chosen, len(near))
    return round(float(near[counted].mean() / every[counted].mean()), 4)
