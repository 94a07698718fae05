"""Is it right whether a difference was asked for? Average precision where a detection is right only if its box and its
decision are, and the decisions on the boxes that were found (DICE, section 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from editjudge.errors import InputError
from editjudge.evaluation.annotations.annotation import AnnotatedPair, boxes_of
from editjudge.evaluation.annotations.pairing import Differences, PairedDifferences, pair_up
from editjudge.evaluation.experiments.differences import UNKNOWN, average_grid, confidences, used
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.statistics.average_precision import (
    THRESHOLDS,
    PictureDetections,
    RankedDetections,
    match_boxes,
)
from editjudge.evaluation.statistics.bootstrap import Indices, Resampling

DECISIONS = {"asked for": True, "not asked for": False}
ALL = "all"


def coherence(found: Sequence[AnnotatedPair], true: Sequence[AnnotatedPair], options: EvaluationOptions) -> Result:
    """Average precision of boxes with their decisions, that of the boxes alone, and how often the decision is right of
    what is found. Raises InputError.

    A box is matched first, as for the differences, and its decision looked at then: a detection that is on the right
    place and decides wrongly takes the place, and is wrong. One that decides nothing is wrong, too. True differences
    without a decision are left out with what was found of them, and so are pairs that have no others.
    """
    paired = pair_up(found, true)
    decided, silent = _drop_undecided(paired)
    resampling = Resampling(len(decided.true), options.resamples, options.seed)
    counts = [_targets(decided.true)] * 2
    grids = {
        key: average_grid(
            title,
            {
                "box and decision": RankedDetections.of(_detections(decided, fixed, decisions=True)),
                "box alone": RankedDetections.of(_detections(decided, fixed, decisions=False)),
            },
            counts,
            resampling,
        )
        for key, title, fixed in (
            ("precision", "average precision", False),
            ("fixed", "average precision with every confidence fixed at 1", True),
        )
    }
    unsure = sum(one.coherent is None for differences in decided.found for one in differences)
    return Result(
        "coherence",
        {**grids, "decisions": _decision_grid(decided, resampling)},
        used=used(decided),
        left_out={
            UNKNOWN: paired.unknown,
            "pairs whose truth decides nothing": silent,
            "true differences without a decision": sum(map(len, decided.true)) - counts[0],
        },
        notes=(
            *decided.notes,
            *([f"differences found without a decision, counted as wrong: {unsure}"] if unsure else []),
        ),
    )


def _drop_undecided(paired: PairedDifferences) -> tuple[PairedDifferences, int]:
    """Without pairs that have true differences and no decision on any; and how many these are. Raises InputError."""
    kept = [
        (found, true)
        for found, true in zip(paired.found, paired.true, strict=True)
        if not true or any(one.coherent is not None for one in true)
    ]
    if not _targets([true for _, true in kept]):
        raise InputError(
            "the truth decides of no difference whether it was asked for; give its coherent as true or false, or "
            "DICE's decisions on it"
        )
    found, true = zip(*kept, strict=True)
    return replace(paired, found=found, true=true), len(paired.true) - len(kept)


def _targets(true: Sequence[Differences]) -> int:
    return sum(one.coherent is not None for differences in true for one in differences)


def _detections(paired: PairedDifferences, fixed: bool, decisions: bool) -> Iterator[PictureDetections]:
    """Args: decisions: Whether a detection must decide rightly as well."""
    for found, true in zip(paired.found, paired.true, strict=True):
        confidence = confidences(found, fixed)
        taken = match_boxes(boxes_of(found), confidence, boxes_of(true))
        told, wanted = _answers(found), np.append(_answers(true), -1)[taken]  # of what matches nothing, the last
        right = (taken >= 0) & (wanted >= 0)
        if decisions:
            right &= wanted == told
        yield PictureDetections(confidence, right, (taken < 0) | (wanted >= 0), _targets([true]))


def _answers(differences: Differences) -> Indices:
    """int[N]: 1 for what was asked for, 0 for what was not, -1 where nobody decided."""
    return np.array([-1 if one.coherent is None else int(one.coherent) for one in differences], dtype=np.intp)


def _decision_grid(paired: PairedDifferences, resampling: Resampling) -> Grid:
    """True decisions by what is said of the differences that were found there, at an IoU of at least .50."""
    sums = np.zeros((len(paired.true), 1 + len(DECISIONS), 3))
    totals = np.zeros((len(paired.true), 1 + len(DECISIONS), 1))
    for picture, (found, true) in enumerate(zip(paired.found, paired.true, strict=True)):
        taken = match_boxes(boxes_of(found), confidences(found), boxes_of(true), THRESHOLDS[:1])[0]
        for one, target in zip(found, taken, strict=True):
            if target >= 0 and (wanted := true[target].coherent) is not None:
                rows = [0, 1 + list(DECISIONS.values()).index(wanted)]
                sums[picture, rows] += [one.coherent == wanted, one.coherent is True, one.coherent is None]
                totals[picture, rows] += 1
    columns = ("right", "called asked for", "not decided")
    title = "decisions on the differences found, at an IoU of at least .50"
    return Grid.of(title, (ALL, *DECISIONS), columns, resampling.shares(sums, totals), totals.sum(axis=0))
