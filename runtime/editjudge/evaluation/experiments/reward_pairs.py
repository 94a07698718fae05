"""Pairs of edits that people have ordered, by dimension: the accuracy of the two sets called EditReward-Bench.

EditScore's has pairs in three dimensions, each with a preferred edit; a tie of a metric is wrong, and the accuracy of a
dimension is the mean over the types of edits. TIGER-Lab's has ties of people, too; there a metric ties where its two
numbers differ by no more than a margin, the one with which it is right most often (Deutsch et al., arXiv 2305.14324).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.score_table import Numbers, ScoreTable
from editjudge.evaluation.statistics.bootstrap import Indices, Resampling, Statistic
from editjudge.evaluation.statistics.pairs import Pairs, find_pairs
from editjudge.evaluation.statistics.pairwise_accuracy import order_agreement, tied_accuracy
from editjudge.evaluation.unjudged import unjudged_pairs
from editjudge.types import Doubles

DIMENSION = "dimension"
"""The column of a data set with what its pairs are compared in."""
ALL_PAIRS, NO_TYPE = "all pairs", "no type"


MEANINGS = {"wrong": "wrong", "half": "half right", "formula": "a preference of the second"}


@dataclass(frozen=True)
class _Compared:
    """N pairs, and what M metrics and people say of them.

    Attributes:
        right: float64[M, N], whether a metric orders a pair as people do; 0 where it has no number for one of the two,
            NaN where it has none for any pair.
        ahead: float64[M, N], by how much the first is; NaN where there is no number.
        wanted: float64[N], 1 where people prefer the first, -1 for the second, 0 for neither.
        dimension, type: str[N].
    """

    metrics: tuple[str, ...]
    pairs: Pairs
    right: Numbers
    ahead: Numbers
    wanted: Numbers
    dimension: NDArray[np.object_]
    type: NDArray[np.object_]

    @property
    def dimensions(self) -> list[str]:
        return list(dict.fromkeys(self.dimension))


def reward_pairs(table: ScoreTable, metrics: Sequence[MetricColumn], options: EvaluationOptions) -> Result | None:
    """The accuracy of each metric by dimension; None where the table has no pairs with a preference, or no metric.

    A metric that has no number for one of a pair is wrong. Raises InputError.
    """
    if not metrics or options.human not in table or options.group not in table:
        return None
    human = table.numbers(options.human, "")
    pairs = find_pairs(table, options, by_model=False)
    pairs = pairs.keep(pairs.both(~np.isnan(human)), "pairs without a preference")
    if not len(pairs):
        return None
    compared = _compare(table, pairs, human, metrics, options)
    resampling = Resampling(pairs.groups, options.resamples, options.seed)
    preferred = compared.wanted != 0
    grids = _order(compared, preferred, resampling) if preferred.any() else {}
    notes: tuple[str, ...] = ()
    if not preferred.all():
        grids["tied"], notes = _tie(compared, resampling)
    unjudged = np.isnan(compared.ahead).sum(axis=1).tolist()
    ties = ((compared.ahead == 0) & preferred).sum(axis=1).tolist()
    tied = ", ".join(f"{name} ({count})" for name, count in zip(compared.metrics, ties, strict=True) if count)
    meaning = f"pairs that a metric ties and people do not, counted as {MEANINGS[options.ties]}"
    counts = dict(zip(compared.metrics, unjudged, strict=True))
    return Result(
        "pairs",
        grids,
        used={"pairs": len(pairs)},
        left_out=pairs.left_out,
        notes=(
            *unjudged_pairs(counts, len(pairs)),
            *([f"{meaning}: {tied}"] if tied else []),
            *notes,
        ),
    )


def _compare(
    table: ScoreTable, pairs: Pairs, human: Numbers, metrics: Sequence[MetricColumn], options: EvaluationOptions
) -> _Compared:
    scores = np.stack([metric.read(table) for metric in metrics])
    with np.errstate(invalid="ignore"):  # inf - inf: two perfect PSNRs are a tie
        ahead = scores[:, pairs.first] - scores[:, pairs.second]
    ahead[scores[:, pairs.first] == scores[:, pairs.second]] = 0.0
    right = np.stack([order_agreement(pairs, human, score, options.ties) for score in scores])
    right[np.isnan(ahead)] = 0.0
    right[np.isnan(ahead).all(axis=1)] = np.nan
    return _Compared(
        tuple(metric.name for metric in metrics),
        pairs,
        right,
        ahead,
        np.sign(human[pairs.first] - human[pairs.second]),
        _labels(table, DIMENSION, pairs, ALL_PAIRS),
        _labels(table, options.type, pairs, NO_TYPE),
    )


def _order(compared: _Compared, preferred: NDArray[np.bool_], resampling: Resampling) -> dict[str, Grid]:
    """Metrics by dimension, the mean over types; and, where there are several types, these by metric."""
    names, shares, counts = [], [], []
    for dimension in compared.dimensions:
        chosen = preferred & (compared.dimension == dimension)
        types = list(dict.fromkeys(compared.type[chosen]))
        label = np.full(len(chosen), len(types), dtype=np.intp)
        label[chosen] = [types.index(kind) for kind in compared.type[chosen]]
        share, count = resampling.shares_by_label(compared.right, compared.pairs.group, label, len(types))
        names.append([f"{dimension}, {kind}" for kind in types])
        shares.append(share)
        counts.append(count)
    several = any(len(types) > 1 for types in names)
    means = Statistic.stack(*(share.mean() for share in shares))
    totals = np.array([count[0].sum() for count in counts])[None]
    title = f"pairs in the right order{', mean over types of edits' if several else ''}"
    grids = {"dimensions": Grid.of(title, compared.metrics, compared.dimensions, means, totals)}
    if several:
        by_type = Statistic(
            np.concatenate([share.value for share in shares], axis=-1),
            np.concatenate([share.draws for share in shares], axis=-1),
        ).map(lambda values: values.swapaxes(-1, -2))
        rows, title = [name for types in names for name in types], "pairs in the right order by type of edit"
        grids["types"] = Grid.of(title, rows, compared.metrics, by_type, np.concatenate(counts, axis=-1).T)
    return grids


def _tie(compared: _Compared, resampling: Resampling) -> tuple[Grid, tuple[str, ...]]:
    """Metrics by dimension, with the ties of people; and a note on the margins."""
    statistics, counts = [], []
    margins: dict[str, list[str]] = {name: [] for name in compared.metrics}
    for dimension in compared.dimensions:
        rows = np.flatnonzero(compared.dimension == dimension)
        counts.append(len(rows))
        found = []
        for name, ahead in zip(compared.metrics, compared.ahead[:, rows], strict=True):
            tell = partial(_tell, ahead, compared.wanted[rows], compared.pairs.group[rows])
            value, margin = tell(np.ones((1, resampling.groups)))
            found.append(resampling.repeat(value[0], lambda weights, tell=tell: tell(weights)[0]))  # type: ignore[misc]
            margins[name].append(f"{margin[0]:.3g}")
        statistics.append(_join(found))
    title = "pairs told right, with the ties of people"
    grid = Grid.of(title, compared.metrics, compared.dimensions, Statistic.stack(*statistics), np.array(counts)[None])
    said = "; ".join(f"{name} {', '.join(of)}" for name, of in margins.items())
    return grid, (f"margins within which a metric ties, by dimension, fitted on these pairs: {said}",)


def _tell(ahead: Doubles, wanted: Doubles, group: Indices, weights: Doubles) -> tuple[Doubles, Doubles]:
    """`tied_accuracy` for weights of groups, float64[B, G]."""
    return tied_accuracy(ahead, wanted, weights[:, group])


def _join(parts: Sequence[Statistic]) -> Statistic:
    """Single numbers as a statistic float64[N]."""
    return Statistic(np.array([part.value for part in parts]), np.stack([part.draws for part in parts], axis=1))


def _labels(table: ScoreTable, column: str, pairs: Pairs, otherwise: str) -> NDArray[np.object_]:
    """str[N]: what the column says of the first of each pair."""
    labels = np.array(table.labels(column), dtype=object)[pairs.first]
    return np.where(labels == "", otherwise, labels)
