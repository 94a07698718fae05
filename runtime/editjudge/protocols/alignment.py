"""How often a metric orders two candidates as humans do (section 4.1, human alignment test)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.errors import InputError
from editjudge.protocols.bootstrap import Resampling, Sampled, tally
from editjudge.protocols.options import Options, Ties
from editjudge.protocols.pairs import Pairs, pairs_of
from editjudge.protocols.score_table import Numbers, ScoreTable


@dataclass(frozen=True)
class Alignment:
    """Of M metrics over the same N pairs of P pairs of models.

    pairs: those that humans order and all metrics score. right: float64[M, N], whether they are ordered as by humans.
    shares: [M, P], of the pairs of each two models. mean: [M], of these. pooled: [M], the share of all pairs.
    counts: int[P]. ties: how many of the pairs each metric ties.
    """

    names: tuple[str, ...]
    pairs: Pairs
    right: Numbers
    shares: Sampled
    mean: Sampled
    pooled: Sampled
    counts: NDArray[np.intp]
    ties: Mapping[str, int]


def align(table: ScoreTable, scores: Mapping[str, Numbers], human: Numbers, options: Options) -> Alignment:
    """Compares scores float64[rows] by metric, higher being better, with human ratings. Raises InputError."""
    pairs = pairs_of(table, options)
    pairs = pairs.keep(pairs.both(~np.isnan(human)), "pairs without a human rating")
    pairs = pairs.keep(human[pairs.first] != human[pairs.second], "pairs that humans rate the same")
    known = np.logical_and.reduce([~np.isnan(values) for values in scores.values()])
    pairs = pairs.keep(pairs.both(known), "pairs that a metric has no score for")
    if not len(pairs):
        reasons = ", ".join(f"{count} {what}" for what, count in pairs.left_out.items() if count)
        why = f": left out were {reasons}" if reasons else ": no group has two candidates"
        raise InputError(f"{table.name} holds no two candidates of one group that could be compared{why}")
    right = np.stack([agreement(pairs, human, values, options.ties) for values in scores.values()])
    spread = np.stack([tally(one, pairs.group, pairs.label, pairs.groups, len(pairs.labels)) for one in right], axis=1)
    counts = tally(np.ones(len(pairs)), pairs.group, pairs.label, pairs.groups, len(pairs.labels))
    resampling = Resampling(pairs.groups, options.resamples, options.seed)
    shares = resampling.shares(spread, counts[:, None])
    return Alignment(
        names=tuple(scores),
        pairs=pairs,
        right=right,
        shares=shares,
        mean=shares.mean(),
        pooled=resampling.shares(spread.sum(axis=2), counts.sum(axis=1)[:, None]),
        counts=counts.sum(axis=0).astype(np.intp),
        ties={name: int(np.sum(values[pairs.first] == values[pairs.second])) for name, values in scores.items()},
    )


def agreement(pairs: Pairs, human: Numbers, score: Numbers, ties: Ties) -> Numbers:
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
