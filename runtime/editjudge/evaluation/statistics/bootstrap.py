"""Percentile intervals by resampling whole groups: the candidates of one input stay together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.types import Doubles

LEVEL = 0.95
BLOCK = 64  # resamples at a time, which bounds the memory

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Statistic:
    """A statistic of the data, float64[...], and of B resamples of it, float64[B, ...]; NaN where it has no value."""

    value: Doubles
    draws: Doubles

    @classmethod
    def stack(cls, *parts: Statistic) -> Statistic:
        """Statistics of one shape side by side, on a new last axis."""
        return cls(np.stack([part.value for part in parts], axis=-1), np.stack([part.draws for part in parts], axis=-1))

    def __getitem__(self, index: Any) -> Statistic:
        axes = index if isinstance(index, tuple) else (index,)
        return Statistic(self.value[axes], self.draws[(slice(None), *axes)])

    def __sub__(self, other: Statistic) -> Statistic:
        return Statistic(self.value - other.value, self.draws - other.draws)

    def mean(self) -> Statistic:
        """Over the last axis, without what has no value."""
        return Statistic(_mean(self.value), _mean(self.draws))

    def map(self, function: Callable[[Doubles], Doubles]) -> Statistic:
        """A function of the statistic, such as one over its last axis; of the resamples, the same."""
        return Statistic(function(self.value), function(self.draws))

    def append(self, last: Statistic) -> Statistic:
        """With another, float64[...] for float64[..., N], at the end of its last axis."""
        return Statistic(
            np.append(self.value, last.value[..., None], -1), np.append(self.draws, last.draws[..., None], -1)
        )

    def with_mean(self) -> Statistic:
        """With the mean over the last axis appended to it."""
        return self.append(self.mean())

    def interval(self) -> tuple[Doubles, Doubles]:
        """The ends of the 95 % interval, float64[...] each."""
        ends = np.full((2, *self.value.shape), np.nan)
        for index in np.ndindex(self.value.shape):
            draws = self[index].draws
            if len(finite := draws[np.isfinite(draws)]):
                ends[(slice(None), *index)] = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return ends[0], ends[1]


@dataclass(frozen=True)
class Resampling:
    """Draws of `groups` groups out of as many, with replacement; the same for the same seed."""

    groups: int
    resamples: int
    seed: int

    def weights(self) -> Iterator[Doubles]:
        """How often each group was drawn, in blocks float64[b, G]."""
        rng = np.random.default_rng(self.seed)
        for start in range(0, self.resamples, BLOCK):
            count = min(BLOCK, self.resamples - start)
            drawn = rng.integers(self.groups, size=(count, self.groups))
            drawn += np.arange(count)[:, None] * self.groups
            times = np.bincount(drawn.ravel(), minlength=count * self.groups)
            yield times.reshape(count, self.groups).astype(np.float64)

    def repeat(self, value: Doubles, compute: Callable[[Doubles], Doubles]) -> Statistic:
        """A statistic with this value, computed again from blocks of weights: float64[b, ...] of float64[b, G]."""
        return Statistic(value, np.concatenate([np.empty((0, *value.shape)), *map(compute, self.weights())]))

    def shares(self, sums: Doubles, counts: Doubles) -> Statistic:
        """The totals of float64[G, ...] over the totals of float64[G, ...], which may lack leading statistics' axes."""
        above = sums.reshape(self.groups, -1)
        below = np.broadcast_to(counts, sums.shape).reshape(self.groups, -1)
        shape = sums.shape[1:]
        value = ratio(above.sum(axis=0), below.sum(axis=0)).reshape(shape)
        return self.repeat(value, lambda weights: ratio(weights @ above, weights @ below).reshape(-1, *shape))

    def shares_by_label(
        self, values: Doubles, group: Indices, label: Indices, labels: int
    ) -> tuple[Statistic, Doubles]:
        """The means of values float64[M, N] by label, [M, labels], and how many values each rests on.

        Args:
            group: int[N], the group of each value.
            label: int[N] or int[M, N]; values under a label past the last are left out.
        """
        label = np.broadcast_to(label, values.shape)

        def total(weights: Doubles) -> Doubles:
            sums = [tally(row, group, of, self.groups, labels + 1) for row, of in zip(weights, label, strict=True)]
            return np.stack(sums, axis=1)[..., :labels]

        counts = total(np.ones(values.shape))
        return self.shares(total(values), counts), counts.sum(axis=0)


def lead(statistic: Statistic) -> Statistic:
    """By how much the first of a statistic float64[M] exceeds the others; NaN for itself."""
    ahead = statistic[:1] - statistic
    ahead.value[0], ahead.draws[:, 0] = np.nan, np.nan
    return ahead


def tally(values: Doubles, group: Indices, label: Indices, groups: int, labels: int) -> Doubles:
    """The sums of float64[N] by group and label, float64[groups, labels]."""
    sums = np.bincount(group * labels + label, weights=values, minlength=groups * labels)
    return np.asarray(sums.reshape(groups, labels), dtype=np.float64)


def ratio(above: Doubles, below: Doubles) -> Doubles:
    """Element by element; NaN where `below` is 0."""
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))


def _mean(values: Doubles) -> Doubles:
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))
