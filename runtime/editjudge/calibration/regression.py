"""The logistic regression of a verdict, and rising curves: what ratings are turned into numbers by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editjudge.types import Doubles

DECAY = 1e-4
"""Of the weights of features that vary by 1."""
STEPS = 50
STEADY = 1e-9
"""A step of no weight more than this is the last."""


def fit(features: Doubles, done: Doubles, decay: float = DECAY, signs: Sequence[int] | None = None) -> Doubles:
    """The bias and the weights, float64[1 + D].

    Args:
        features: float64[N, D].
        done: float64[N] or bool[N], the probability that each is to have, 0 to 1.
        decay: Of the weights, for features of one spread.
        signs: Of each weight: 1 for one that must not be under 0, -1 for one that must not be over it, 0 for any. A
            feature whose weight would be is left out, the one that is furthest off first; None: any.
    """
    count = features.shape[1]
    wanted = np.zeros(count) if signs is None else np.array(signs, np.float64)
    kept = np.arange(count)
    while True:
        weights = _solve(features[:, kept], done, decay)
        off = wanted[kept] * weights[1:] * features[:, kept].std(axis=0)
        if not len(off) or off.min() >= 0:
            break
        kept = np.delete(kept, int(off.argmin()))
    whole = np.zeros(1 + count)
    whole[0], whole[1 + kept] = weights[0], weights[1:]
    return whole


def _solve(features: Doubles, done: Doubles, decay: float) -> Doubles:
    """By Newton's method."""
    middle, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    rows = np.column_stack([np.ones(len(features)), (features - middle) / spread])
    penalty = decay * len(rows) * np.diag([0.0, *[1.0] * features.shape[1]])
    weights = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (chance - done) + penalty @ weights
        step = np.linalg.solve(rows.T @ (rows * (chance * (1 - chance))[:, None]) + penalty, slope)
        weights -= step
        if np.abs(step).max() < STEADY:
            break
    slopes = weights[1:] / spread
    return np.append(weights[0] - slopes @ middle, slopes)


def fit_rising(x: Doubles, y: Doubles, weight: Doubles | None = None) -> tuple[Doubles, Doubles]:
    """The curve that never falls and is nearest to y at x: the different x, and its heights there.

    Neighbours that would fall are pooled to their mean until none does.

    Args:
        x, y: float64[N].
        weight: float64[N], of each y; by default they are equal.
    """
    weight = np.ones(len(x)) if weight is None else weight
    places, index = np.unique(x, return_inverse=True)
    sums, weights = np.bincount(index, weights=y * weight), np.bincount(index, weights=weight)
    pools: list[tuple[float, float, int]] = []  # sum, weight, places
    for pool in zip(sums.tolist(), weights.tolist(), [1] * len(places), strict=True):
        joined = pool
        while pools and pools[-1][0] / pools[-1][1] >= joined[0] / joined[1]:
            before = pools.pop()
            joined = (before[0] + joined[0], before[1] + joined[1], before[2] + joined[2])
        pools.append(joined)
    return places, np.repeat([total / size for total, size, _ in pools], [wide for *_, wide in pools])


def fit_binned(x: Doubles, y: Doubles, bins: int) -> tuple[Doubles, Doubles]:
    """A curve that never falls through the means of bins of equally many values, float64[N] each.

    In which order equal x stand does not matter: each counts as their mean.

    Returns:
        The different places, which have four digits as in bundles, and the heights there.
    """
    _, same = np.unique(x, return_inverse=True)
    y = (np.bincount(same, weights=y) / np.bincount(same))[same]
    parts = np.array_split(np.argsort(x, kind="stable"), bins)
    places = np.array([x[part].mean() for part in parts]).round(4)
    heights = np.array([y[part].mean() for part in parts])
    return fit_rising(places, heights, np.array([len(part) for part in parts], np.float64))
