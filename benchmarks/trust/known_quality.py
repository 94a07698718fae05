"""Edits of known quality, the same edits drifted, and the two pictures in swapped order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np

from benchmarks.common.reporting import Figure, progress, share
from benchmarks.trust.outcome import Outcome
from editjudge import EditJudgeError, Scorer
from studio.edits.candidates import TIERS
from studio.edits.drifts import DRIFTS
from studio.edits.edit_set import RenderedEdit, edit_set

FAILURES = ("wrong", "contrary", "swapped")
"""What must not score more than a picture that nobody edited."""
TOO_HIGH = 0.85
"""A score that no picture may have that nobody edited."""

Rows = Mapping[str, Outcome]
"""The scores of one input by what was handed in: a quality; "drift: ..." of the original; "good: ..." of the edit."""


def record(scorer: Scorer, seed: int, count: int, held_out: bool = True) -> list[Rows]:
    """The scores of `count` inputs; of those that cannot be understood there are none."""
    edits = progress(edit_set(seed, count, held_out), count, "known quality")
    inputs = [_record_edit(scorer, edit) for edit in edits]
    return [rows for rows in inputs if rows]


def _record_edit(scorer: Scorer, edit: RenderedEdit) -> Rows:
    good = edit.candidates["well_done"]
    pictures = dict(edit.candidates)
    for name, drift in DRIFTS.items():
        pictures |= {f"drift: {name}": drift(edit.original), f"good: {name}": drift(good)}
    try:
        prepared = scorer.prepare(edit.original, edit.intent)
        rows = {
            name: Outcome.of(ranked.score)
            for name, ranked in zip(pictures, prepared.scores(pictures.values()), strict=True)
        }
        return rows | {"swapped": Outcome.of(scorer.score(good, edit.original, edit.intent))}
    except EditJudgeError:
        return {}


def summarise(inputs: Sequence[Rows]) -> list[Figure]:
    drifted = [(rows, row) for rows in inputs for name, row in rows.items() if name.startswith("drift: ")]
    edits = [(rows["well_done"], row) for rows in inputs for name, row in rows.items() if name.startswith("good: ")]
    all_rows = [row for rows in inputs for row in rows.values()]
    return [
        Figure("drift", "drifted only: known as no_op", share([row.is_no_op for _, row in drifted]), 0.98),
        Figure(
            "drift_high", "drifted only: scored 0.85 or more, or above the good edit",
            sum(_is_too_high(row, rows["well_done"]) for rows, row in drifted), 0, at_least=False,
        ),
        Figure(
            "good_moved", "good edit, drifted: moves by more than 0.15",
            share([row.moved_from(good) for good, row in edits]), 0.02, at_least=False,
        ),
        Figure("order", "order of known quality, new kinds too", share(compare(inputs)), 0.96),
        Figure("failures", "wrong, contrary, swapped: not above the no-op", share(compare_failures(inputs)), 0.97),
        Figure(
            "numbers_nothing", "a number where nothing was measured",
            sum(row.numbers_nothing for row in all_rows), 0, at_least=False,
        ),
        Figure(
            "claims_unseen", "facts stated about what was not seen",
            sum(row.claims_unseen for row in all_rows), 0, at_least=False,
        ),
    ]  # fmt: skip


def _is_too_high(row: Outcome, good: Outcome) -> bool:
    if row.bpm is None:
        return False
    return row.bpm >= TOO_HIGH or (good.bpm is not None and row.bpm > good.bpm)


def compare(inputs: Sequence[Rows]) -> list[bool]:
    """Of every two candidates of different tiers of an input, whether a ranking puts the better one first."""
    return [
        rows[better].place < rows[worse].place
        for rows in inputs
        for better, worse in permutations([name for name in rows if name in TIERS], 2)
        if TIERS[better] > TIERS[worse]
    ]


def compare_failures(inputs: Sequence[Rows]) -> list[bool]:
    """Of every failure, whether it has no higher score than the untouched picture; no score at all is none."""
    return [
        rows[name].bpm is None or rows[name].bpm <= (rows["unchanged"].bpm or 0.0)
        for rows in inputs
        for name in FAILURES
        if name in rows
    ]


def summarise_verdicts(inputs: Sequence[Rows]) -> list[Figure]:
    """Whether an app may act on the verdict; all candidates that are not well done should not be accepted."""
    good = [row for rows in inputs for name, row in rows.items() if name == "well_done" or name.startswith("good: ")]
    bad = [row for rows in inputs for name, row in rows.items() if name in TIERS and name != "well_done"]
    bad += [rows["swapped"] for rows in inputs]
    judged = [(row.probability, True) for rows in inputs for row in [rows["well_done"]] if row.probability is not None]
    judged += [
        (row.probability, False)
        for rows in inputs
        for name, row in rows.items()
        if name in TIERS and name != "well_done" and row.probability is not None
    ]
    return [
        Figure(
            "false_accepts", "verdict: share accepted of what is not well done",
            share([row.decision == "accept" for row in bad]), 0.02, at_least=False,
        ),
        Figure("accepted", "verdict: good edits accepted", share([row.decision == "accept" for row in good]), 0.90),
        Figure(
            "calibration", "verdict: calibration error, ten bins",
            calibration_error(judged), 0.05, at_least=False,
        ),
    ]  # fmt: skip


def calibration_error(judged: Sequence[tuple[float | None, bool]], bins: int = 10) -> float:
    """The mean distance of probability and outcome over bins of equal width, weighted by how much is in them."""
    probability = np.array([value for value, _ in judged], float)
    outcome = np.array([done for _, done in judged], float)
    place = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [
        abs(probability[place == index].mean() - outcome[place == index].mean()) * (place == index).mean()
        for index in range(bins)
        if (place == index).any()
    ]
    return float(sum(gaps))
