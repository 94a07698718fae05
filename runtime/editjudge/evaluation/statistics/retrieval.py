"""Retrieval: the rank at which what is right is found, and what ranks are summed up as, all resamples at once."""

from __future__ import annotations

import numpy as np

from editjudge.evaluation.statistics.bootstrap import Indices, Resampling, Statistic
from editjudge.models.clip import Embeddings
from editjudge.types import Doubles

DEPTHS = (1, 5, 10, 50)
"""The depths k of recall at k."""
LEVEL = 1e-6
"""Cosines that are no further apart are equal: a product of matrices gives equal vectors cosines with different last
digits, 7e-8 apart where they have 128 numbers each."""
CELLS = 2**22
"""Cosines that are in memory at a time."""


def rank_right(queries: Embeddings, items: Embeddings, label: Indices) -> Doubles:
    """The rank of the right item for each query, float64[N], from 1.

    Items under the label of a query are right for it, and the best of them counts. Equal ones are ranked in the middle:
    the rank is 1, plus the number of items that are better, plus half the number of wrong ones that are equal.

    Args:
        queries, items: float32[N, D] each, of length 1.
        label: int[N], of both.
    """
    order = np.argsort(label, kind="stable")  # so that what is right for a query stands together
    items, ends = items[order].T, [np.searchsorted(label[order], label, side) for side in ("left", "right")]
    ranks, rows = np.empty(len(queries)), max(1, CELLS // len(queries))
    for start in range(0, len(queries), rows):
        for query, cosines in enumerate(queries[start : start + rows] @ items, start):
            right = slice(ends[0][query], ends[1][query])
            best = cosines[right].max()
            cosines[right] = -np.inf
            better, reached = np.count_nonzero(cosines > best + LEVEL), np.count_nonzero(cosines >= best - LEVEL)
            ranks[query] = 1 + (better + reached) / 2
    return ranks


def recall(ranks: Doubles, group: Indices, resampling: Resampling) -> Statistic:
    """The share of ranks float64[N] down to each depth, [DEPTHS]; by the group int[N] of each."""
    return _means(np.stack([ranks <= depth for depth in DEPTHS], axis=1).astype(np.float64), group, resampling)


def central_ranks(ranks: Doubles, group: Indices, resampling: Resampling) -> Statistic:
    """The mean and the median of ranks float64[N], [2]; by the group int[N] of each."""
    order = np.argsort(ranks, kind="stable")

    def median(weights: Doubles) -> Doubles:
        """float64[B] for weights float64[B, groups]; the mean of the two in the middle of an even number."""
        reached = np.cumsum(weights[:, group[order]], axis=1)
        halves = ((reached[:, -1:] - 1) // 2, reached[:, -1:] // 2)
        middle = [ranks[order][np.argmax(reached > half, axis=1)] for half in halves]
        return np.asarray(np.mean(middle, axis=0), np.float64)

    middle = resampling.repeat(median(np.ones((1, resampling.groups)))[0], median)
    return _means(ranks[:, None], group, resampling).append(middle)


def _means(values: Doubles, group: Indices, resampling: Resampling) -> Statistic:
    """The means of float64[N, M] over N, [M]."""
    sums = np.zeros((resampling.groups, values.shape[1]))
    np.add.at(sums, group, values)
    counts = np.bincount(group, minlength=resampling.groups).astype(np.float64)
    return resampling.shares(sums, counts[:, None])
