"""Are the differences of two pictures found, and their kind? COCO's average precision, with the confidences and without
(DICE, section 4 and its ablation)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from editjudge.evaluation.annotations.annotation import AnnotatedDifference, AnnotatedPair, boxes_of
from editjudge.evaluation.annotations.pairing import Differences, PairedDifferences, pair_up
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.statistics.average_precision import (
    THRESHOLDS,
    PictureDetections,
    RankedDetections,
    match_boxes,
)
from editjudge.evaluation.statistics.bootstrap import Resampling, Statistic
from editjudge.metrics.dice.difference import CHANGES
from editjudge.types import Doubles

ALL = "all"
"""Every kind taken for one."""
COLUMNS = ("AP .50:.95", "AP .50", "AP .75", "recall .50")
UNKNOWN = "differences in pairs that the truth lacks"
AT_75 = int(np.flatnonzero(np.isclose(THRESHOLDS, 0.75))[0])


def differences(found: Sequence[AnnotatedPair], true: Sequence[AnnotatedPair], options: EvaluationOptions) -> Result:
    """Average precision and recall over all kinds taken for one and of each kind, and how often the kind is right of
    what is found. Raises InputError.

    Boxes of one kind are matched among themselves for that kind's figures, and whatever their kind for those of all.
    """
    paired = pair_up(found, true)
    resampling = Resampling(len(paired.true), options.resamples, options.seed)
    counts = [_count(paired.true, kind) for kind in (ALL, *CHANGES)]
    grids = {
        key: average_grid(title, {kind: _rank(paired, kind, fixed) for kind in (ALL, *CHANGES)}, counts, resampling)
        for key, title, fixed in (
            ("precision", "average precision", False),
            ("fixed", "average precision with every confidence fixed at 1", True),
        )
    }
    return Result(
        "differences",
        {**grids, "kind": _kind_grid(paired, resampling)},
        used=used(paired),
        left_out={UNKNOWN: paired.unknown},
        notes=paired.notes,
    )


def average_grid(
    title: str, ranked: dict[str, RankedDetections], counts: Sequence[int], resampling: Resampling
) -> Grid:
    """A row for each ranking; what it rests on is how many there are to be found."""

    def compute(weights: Doubles) -> Doubles:
        """float64[B, rows, columns] for weights float64[B, pictures]."""
        rows = []
        for one in ranked.values():
            averages, recall = one.average_precision(weights), one.recall(weights)
            rows.append(np.stack([averages.mean(axis=1), averages[:, 0], averages[:, AT_75], recall[:, 0]], axis=1))
        return np.stack(rows, axis=1)

    statistic = resampling.repeat(compute(np.ones((1, resampling.groups)))[0], compute)
    return Grid.of(title, list(ranked), COLUMNS, statistic, np.array(counts)[:, None])


def confidences(differences: Iterable[AnnotatedDifference], fixed: bool = False) -> Doubles:
    """float64[N]; 1 where a difference has none, and for all where they are fixed."""
    values = [1.0 if fixed or one.confidence is None else one.confidence for one in differences]
    return np.array(values, dtype=np.float64)


def used(paired: PairedDifferences) -> dict[str, int]:
    return {
        "pairs": len(paired.true),
        "true differences": sum(map(len, paired.true)),
        "differences found": sum(map(len, paired.found)),
    }


def _rank(paired: PairedDifferences, kind: str, fixed: bool) -> RankedDetections:
    return RankedDetections.of(_detections(paired, kind, fixed))


def _detections(paired: PairedDifferences, kind: str, fixed: bool) -> Iterator[PictureDetections]:
    for found, true in zip(paired.found, paired.true, strict=True):
        chosen, targets = _of_kind(found, kind), _of_kind(true, kind)
        confidence = confidences(chosen, fixed)
        right = match_boxes(boxes_of(chosen), confidence, boxes_of(targets)) >= 0
        yield PictureDetections(confidence, right, np.ones_like(right), len(targets))


def _of_kind(differences: Differences, kind: str) -> list[AnnotatedDifference]:
    return [one for one in differences if kind in (ALL, one.change)]


def _count(true: Iterable[Differences], kind: str) -> int:
    return sum(len(_of_kind(differences, kind)) for differences in true)


def _kind_grid(paired: PairedDifferences, resampling: Resampling) -> Grid:
    """True kinds by what the differences that were found there are called, at an IoU of at least .50."""
    called = np.zeros((len(paired.true), len(CHANGES), len(CHANGES)))
    for picture, (found, true) in enumerate(zip(paired.found, paired.true, strict=True)):
        taken = match_boxes(boxes_of(found), confidences(found), boxes_of(true), THRESHOLDS[:1])[0]
        for one, target in zip(found, taken, strict=True):
            if target >= 0:
                called[picture, CHANGES.index(true[target].change), CHANGES.index(one.change)] += 1
    with_all = np.concatenate([called.sum(axis=1, keepdims=True), called], axis=1)
    right = np.diagonal(called, axis1=1, axis2=2)
    right = np.concatenate([right.sum(axis=1, keepdims=True), right], axis=1)
    sums = np.concatenate([right[..., None], with_all], axis=2)
    totals = with_all.sum(axis=2, keepdims=True)
    shares: Statistic = resampling.shares(sums, totals)
    columns = ("right", *(f"called {change}" for change in CHANGES))
    title = "kind of the differences found, at an IoU of at least .50"
    return Grid.of(title, (ALL, *CHANGES), columns, shares, totals.sum(axis=0))
