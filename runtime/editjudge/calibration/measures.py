"""How far a verdict can be trusted: measured on edits that it was not fitted to, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.calibration.norm_fit import count_pairs
from editjudge.calibration.rated_edits import RowMask
from editjudge.calibration.verdict_fit import find_majority
from editjudge.evaluation.result import Grid
from editjudge.evaluation.statistics.bootstrap import Resampling, Statistic, ratio
from editjudge.types import Doubles

BINS = 10
ERRORS = ("calibration error", "Brier", "log loss")
AGREEMENT = ("accepted rightly", "rejected rightly", "decided", "order of two")


@dataclass(frozen=True, eq=False)
class BundleAnswers:
    """What a bundle says of edits.

    Attributes:
        chance: The probabilities that they are well done, float64[N].
        accepted, rejected: bool[N].
        number: What they are ranked by, float64[N].
    """

    chance: Doubles
    accepted: RowMask
    rejected: RowMask
    number: Doubles


@dataclass(frozen=True, eq=False)
class RatedTruth:
    """What people say of the same edits: the mean rating and the share who find them well done, float64[N], and the
    input of each, int[N]."""

    rating: Doubles
    target: Doubles
    group: NDArray[np.intp]


def measure_errors(chance: Doubles, target: Doubles, weights: Doubles) -> Doubles:
    """ERRORS of float64[N] each, float64[B, 3] for weights float64[B, N].

    The calibration error is the expected one: how far the mean probability lies from the mean of the targets in BINS
    bins of equally many edits, by their share of the edits. Equal probabilities share a bin.
    """
    edges = np.quantile(chance, np.arange(1, BINS) / BINS, method="lower")
    bins = np.eye(BINS)[np.searchsorted(edges, chance, side="left")]
    total = weights.sum(axis=1)
    gaps = np.abs(weights @ (bins * (target - chance)[:, None])).sum(axis=1)
    sure = np.clip(chance, 1e-6, 1 - 1e-6)
    lost = -(target * np.log(sure) + (1 - target) * np.log(1 - sure))
    return np.stack([ratio(one, total) for one in (gaps, weights @ (target - chance) ** 2, weights @ lost)], axis=1)


def measure_decisions(said: BundleAnswers, target: Doubles, weights: Doubles) -> Doubles:
    """The first three of AGREEMENT, float64[B, 3] for weights float64[B, N]: by what most raters found."""
    accepted, rejected = said.accepted.astype(np.float64), said.rejected.astype(np.float64)
    found = find_majority(target)
    return np.stack(
        [
            ratio(weights @ (accepted * found), weights @ accepted),
            ratio(weights @ (rejected * (1 - found)), weights @ rejected),
            ratio(weights @ (accepted + rejected), weights.sum(axis=1)),
        ],
        axis=1,
    )


def assess(said: Mapping[str, BundleAnswers], heard: RatedTruth, resampling: Resampling) -> tuple[Statistic, Statistic]:
    """ERRORS and AGREEMENT of several bundles, [M, 3] and [M, 4]; whole inputs are resampled."""
    order = [count_pairs(one.number, heard.rating, heard.group) for one in said.values()]

    def compute(weights: Doubles) -> Doubles:
        each = weights[:, heard.group]
        rows = []
        for one, (pairs, right) in zip(said.values(), order, strict=True):
            parts = (measure_errors(one.chance, heard.target, each), measure_decisions(one, heard.target, each))
            rows.append(np.column_stack([*parts, ratio(weights @ right, weights @ pairs)]))
        return np.stack(rows, axis=1)

    whole = compute(np.ones((1, resampling.groups)))[0]
    statistic = resampling.repeat(whole, compute)
    return statistic[:, : len(ERRORS)], statistic[:, len(ERRORS) :]


def lay_out(said: Mapping[str, BundleAnswers], errors: Statistic, agreement: Statistic, count: int) -> dict[str, Grid]:
    """The two tables."""
    counts = np.array(count)
    return {
        "errors": Grid.of("how far the probability is off, on edits held out", [*said], ERRORS, errors, counts),
        "agreement": Grid.of("the bundle against people, on edits held out", [*said], AGREEMENT, agreement, counts),
    }
