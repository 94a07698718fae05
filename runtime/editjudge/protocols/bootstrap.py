"""Percentile intervals by resampling whole groups: the candidates of one input stay together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
BLOCK = 64  # resamples at a time, which bounds the memory

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sampled:
    """A statistic of the data, float64[...], and of B resamples of it, float64[B, ...]; NaN where it has no value."""

    value: Array
    draws: Array

    def mean(self) -> Sampled:
        """Over the last axis, without what has no value."""
        return Sampled(_mean(self.value), _mean(self.draws))

    def interval(self) -> tuple[Array, Array]:
        """The ends of the 95 % interval, float64[...] each."""
        ends = np.full((2, *self.value.shape), np.nan)
        for place in np.ndindex(self.value.shape):
            draws = self.draws[(slice(None), *place)]
            if len(finite := draws[np.isfinite(draws)]):
                ends[(slice(None), *place)] = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return ends[0], ends[1]


@dataclass(frozen=True)
class Resampling:
    """Draws of `groups` groups out of as many, with replacement; the same for the same seed."""

    groups: int
    resamples: int
    seed: int

    def weights(self) -> Iterator[Array]:
        """How often each group was drawn, as blocks float64[b, G]."""
        rng = np.random.default_rng(self.seed)
        for start in range(0, self.resamples, BLOCK):
            count = min(BLOCK, self.resamples - start)
            drawn = rng.integers(self.groups, size=(count, self.groups))
            drawn += np.arange(count)[:, None] * self.groups
            times = np.bincount(drawn.ravel(), minlength=count * self.groups)
            yield times.reshape(count, self.groups).astype(np.float64)

    def shares(self, sums: Array, counts: Array) -> Sampled:
        """The totals of float64[G, ...] over the totals of float64[G, ...], which may lack leading statistics' axes."""
        flat = sums.reshape(self.groups, -1)
        tally = np.broadcast_to(counts, sums.shape).reshape(self.groups, -1)
        draws = [_ratio(weights @ flat, weights @ tally) for weights in self.weights()]
        value = _ratio(flat.sum(axis=0), tally.sum(axis=0)).reshape(sums.shape[1:])
        return Sampled(value, np.concatenate([np.empty((0, flat.shape[1])), *draws]).reshape(-1, *sums.shape[1:]))


def lead(sampled: Sampled) -> Sampled:
    """By how much the first of a statistic float64[M] exceeds each; NaN for itself."""
    value, draws = sampled.value[:1] - sampled.value, sampled.draws[:, :1] - sampled.draws
    value[0], draws[:, 0] = np.nan, np.nan
    return Sampled(value, draws)


def tally(values: Array, group: NDArray[np.intp], label: NDArray[np.intp], groups: int, labels: int) -> Array:
    """The sums of float64[N] by group and label, float64[groups, labels]."""
    sums = np.bincount(group * labels + label, weights=values, minlength=groups * labels)
    return np.asarray(sums.reshape(groups, labels), dtype=np.float64)


def _ratio(above: Array, below: Array) -> Array:
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))


def _mean(values: Array) -> Array:
    known = np.isfinite(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))
