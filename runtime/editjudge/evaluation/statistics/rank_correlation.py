"""Correlations of weighted samples, all resamples at once: Pearson's, Spearman's, and Kendall's tau-b.

A resample of a bootstrap is the sample with whole-numbered weights: a weight counts as that many copies of an element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from editjudge.evaluation.statistics.bootstrap import ratio
from editjudge.types import Doubles

Correlate = Callable[[Doubles, Doubles, Doubles], Doubles]
PERFECT = 1 - 1e-12


def pearson(x: Doubles, y: Doubles, weights: Doubles) -> Doubles:
    """float64[B] of x and y float64[N] or float64[B, N] and weights float64[B, N]; NaN where one does not vary."""
    x, y = _centred(x, weights), _centred(y, weights)
    spread = np.sqrt((weights * x * x).sum(axis=1) * (weights * y * y).sum(axis=1))
    return ratio((weights * x * y).sum(axis=1), spread)


def _centred(values: Doubles, weights: Doubles) -> Doubles:
    """float64[B, N], less the mean; exactly 0 where all that counts is equal but for rounding."""
    total = weights.sum(axis=1, keepdims=True)
    centred = values - (weights * values).sum(axis=1, keepdims=True) / np.maximum(total, 1.0)
    negligible = np.abs(np.where(weights > 0, centred, 0.0)).max(axis=1, initial=0.0) <= 1e-12 * np.abs(values).max()
    return np.where(negligible[:, None], 0.0, centred)


def spearman(x: Doubles, y: Doubles, weights: Doubles) -> Doubles:
    """As `pearson`, of the ranks; equal values share the mean of their ranks."""
    return pearson(_ranks(x, weights), _ranks(y, weights), weights)


def kendall(x: Doubles, y: Doubles, weights: Doubles) -> Doubles:
    """As `pearson`: of all pairs, those in the same order less those in the opposite one, corrected for ties."""
    orders = [np.sign(values[:, None] - values[None, :]) for values in (x, y)]

    def total(pairs: Doubles) -> Doubles:
        return np.asarray(((weights @ pairs) * weights).sum(axis=1))

    return ratio(total(orders[0] * orders[1]), np.sqrt(total(orders[0] ** 2) * total(orders[1] ** 2)))


def fisher_mean(correlations: Doubles) -> Doubles:
    """The mean over the last axis as Fisher's z, turned back into a correlation, without those that are NaN.

    A perfect correlation is infinite as z, and would be all that counts: it is left out beside others, and where there
    are only such the mean is theirs.
    """
    known, perfect = ~np.isnan(correlations), is_perfect(correlations)
    finite = known & ~perfect
    z = np.arctanh(np.where(finite, correlations, 0.0))
    mean = np.tanh(_mean(z, finite))
    return np.asarray(np.where(finite.any(axis=-1), mean, _mean(np.where(known, correlations, 0.0), known)))


def is_perfect(correlations: Doubles) -> NDArray[np.bool_]:
    """Whether they are 1 or -1 but for rounding; False for NaN."""
    return np.asarray(np.abs(correlations) >= PERFECT)


def _mean(values: Doubles, counted: NDArray[np.bool_]) -> Doubles:
    return ratio(values.sum(axis=-1), counted.sum(axis=-1).astype(np.float64))


def _ranks(values: Doubles, weights: Doubles) -> Doubles:
    """float64[B, N]."""
    order = np.argsort(values, kind="stable")
    distinct, index = np.unique(values, return_inverse=True)
    starts = np.searchsorted(values[order], distinct)
    count = np.add.reduceat(weights[:, order], starts, axis=1)
    return np.asarray((np.cumsum(count, axis=1) - (count - 1) / 2)[:, index])


METHODS: Mapping[str, Correlate] = {"pearson": pearson, "spearman": spearman, "kendall": kendall}
