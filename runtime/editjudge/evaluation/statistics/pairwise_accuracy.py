"""How often a metric orders two candidates as humans do (section 4.1, human alignment test)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.errors import InputError
from editjudge.evaluation.options import EvaluationOptions, Ties
from editjudge.evaluation.score_table import Numbers, ScoreTable
from editjudge.evaluation.statistics.bootstrap import Resampling, Statistic, ratio
from editjudge.evaluation.statistics.pairs import Pairs, find_pairs
from editjudge.types import Doubles


@dataclass(frozen=True)
class Alignment:
    """The agreement of M metrics with humans on the same N pairs of candidates, by P pairs of models.

    Attributes:
        pairs: Those that humans order.
        judged: bool[M, N], whether a metric has a score for both of a pair.
        right: float64[M, N], whether a metric orders the pair as humans do; NaN for one that judges no pair.
        shares: [M, P], of the pairs of each two models.
        mean: [M], of `shares`.
        pooled: [M], the share of all pairs.
        coverage: [M], the share of all pairs that a metric judges.
        pooled_judged: [M], the share that is right of those.
        counts: int[P], the pairs of each two models.
        ties: How many of the pairs each metric ties.
    """

    names: tuple[str, ...]
    pairs: Pairs
    judged: NDArray[np.bool_]
    right: Numbers
    shares: Statistic
    mean: Statistic
    pooled: Statistic
    coverage: Statistic
    pooled_judged: Statistic
    counts: NDArray[np.intp]
    ties: Mapping[str, int]

    @property
    def unjudged(self) -> dict[str, int]:
        """How many of the pairs each metric does not judge."""
        return dict(zip(self.names, (~self.judged).sum(axis=1).tolist(), strict=True))


def align(table: ScoreTable, scores: Mapping[str, Numbers], human: Numbers, options: EvaluationOptions) -> Alignment:
    """Compares scores float64[rows] by metric, higher being better, with human ratings. Raises InputError.

    All metrics are asked for the same pairs, and one that has no score for one of the two has not ordered them: that is
    wrong, whatever a tie counts. To leave such pairs out would reward a metric for its silence where it is hard.
    """
    pairs = find_pairs(table, options)
    pairs = pairs.keep(pairs.both(~np.isnan(human)), "pairs without a human rating")
    pairs = pairs.keep(human[pairs.first] != human[pairs.second], "pairs that humans rate the same")
    if not len(pairs):
        reasons = ", ".join(f"{count} {what}" for what, count in pairs.left_out.items() if count)
        why = f": left out were {reasons}" if reasons else ": no group has two candidates"
        raise InputError(f"{table.name} holds no two candidates of one group that could be compared{why}")
    judged = np.stack([pairs.both(~np.isnan(values)) for values in scores.values()])
    right = np.stack([order_agreement(pairs, human, values, options.ties) for values in scores.values()])
    right[~judged] = 0.0
    right[~judged.any(axis=1)] = np.nan
    resampling = Resampling(pairs.groups, options.resamples, options.seed)
    shares, counts = resampling.shares_by_label(right, pairs.group, pairs.label, len(pairs.labels))

    def pool(values: Numbers, mask: NDArray[np.bool_]) -> Statistic:
        return resampling.shares_by_label(values, pairs.group, np.where(mask, 0, 1), 1)[0][:, 0]

    return Alignment(
        names=tuple(scores),
        pairs=pairs,
        judged=judged,
        right=right,
        shares=shares,
        mean=shares.mean(),
        pooled=pool(right, np.ones_like(judged)),
        coverage=pool(judged.astype(np.float64), np.ones_like(judged)),
        pooled_judged=pool(right, judged),
        counts=counts[0].astype(np.intp),
        ties={name: int(np.sum(values[pairs.first] == values[pairs.second])) for name, values in scores.items()},
    )


def order_agreement(pairs: Pairs, human: Numbers, score: Numbers, ties: Ties) -> Numbers:
    """float64[N], 1 where the score orders a pair as the humans do, else 0; where it ties, as `ties` says."""
    preferred = human[pairs.first] > human[pairs.second]
    higher, lower = score[pairs.first] > score[pairs.second], score[pairs.first] < score[pairs.second]
    right = np.where(preferred, higher, lower).astype(np.float64)
    tied = ~(higher | lower)
    if ties == "half":
        right[tied] = 0.5
    elif ties == "formula":
        right[tied] = ~preferred[tied]
    return right


def tied_accuracy(difference: Doubles, wanted: Doubles, weights: Doubles) -> tuple[Doubles, Doubles]:
    """The share of pairs told right where ties count (Deutsch et al. 2023), and the margin up to which a difference is
    a tie: of all margins the one with the largest share. float64[B] each.

    Args:
        difference: float64[N], by how much the first is ahead; NaN is told wrong, and the share NaN where all are.
        wanted: float64[N]: 1, -1, or 0 for a tie.
        weights: float64[B, N].
    """
    judged = np.flatnonzero(~np.isnan(difference))
    order = judged[np.argsort(np.abs(difference[judged]), kind="stable")]
    size, weighted = np.abs(difference[order]), weights[:, order]
    in_order, tied = np.sign(difference[order]) == wanted[order], wanted[order] == 0
    last = np.flatnonzero(np.append(size[1:] != size[:-1], True)) if len(size) else order
    gained = np.cumsum(weighted * (tied.astype(np.float64) - in_order), axis=1)[:, last]
    right = (weighted @ in_order)[:, None] + np.pad(gained, ((0, 0), (1, 0)))
    best = right.argmax(axis=1)
    most = np.take_along_axis(right, best[:, None], axis=1)[:, 0]
    total = weights.sum(axis=1) if len(judged) else np.zeros(len(weights))
    return ratio(most, total), np.append(0.0, size[last])[best]
