"""How far an order can be relied on: agreement with humans by the margin of the scores, and by their confidence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.result import Grid
from editjudge.evaluation.score_table import Numbers, ScoreTable
from editjudge.evaluation.statistics.bootstrap import Indices, Resampling
from editjudge.evaluation.statistics.pairwise_accuracy import Alignment
from editjudge.metrics.registry import DEFAULT

BINS = 5
FIFTHS = [f"{name} fifth" for name in ("narrowest", "second", "third", "fourth", "widest")]
RANGES = [f"{low / BINS:.1f} to {(low + 1) / BINS:.1f}" for low in range(BINS)]
FEWEST = 10  # pairs in a bin, on average, under which the bins would say nothing


def reliability(
    table: ScoreTable, alignment: Alignment, scores: Mapping[str, Numbers], options: EvaluationOptions
) -> dict[str, Grid]:
    """Up to two grids, metrics by bin, of the pairs that a metric judges; none where there are too few pairs."""
    pairs = alignment.pairs
    if len(pairs) < BINS * FEWEST:
        return {}
    resampling = Resampling(pairs.groups, options.resamples, options.seed)
    bins = np.stack([_fifths(score[pairs.first], score[pairs.second]) for score in scores.values()])
    shares, counts = resampling.shares_by_label(alignment.right, pairs.group, bins, BINS)
    title = "agreement by the margin between the two scores"
    grids = {"margin": Grid.of(title, alignment.names, FIFTHS, shares, counts)}
    if "confidence" in table and DEFAULT.name in alignment.names:
        confidence = table.numbers("confidence", "")
        lesser = np.minimum(confidence[pairs.first], confidence[pairs.second])
        row = alignment.names.index(DEFAULT.name)
        known = ~np.isnan(lesser) & alignment.judged[row]
        bins = np.where(known, np.clip(np.nan_to_num(lesser) * BINS, 0, BINS - 1), BINS).astype(np.intp)
        right = alignment.right[[row]]
        shares, counts = resampling.shares_by_label(right, pairs.group, bins, BINS)
        title = "agreement by the lesser confidence of the two scores"
        grids["confidence"] = Grid.of(title, [DEFAULT.name], RANGES, shares, counts)
    return grids


def _fifths(first: Numbers, second: Numbers) -> Indices:
    """int[N], 0 to 4: the fifth of all margins that a margin belongs to; equal ones belong to the same. 5: no score."""
    known = ~(np.isnan(first) | np.isnan(second))
    with np.errstate(invalid="ignore"):  # inf - inf, as of two perfect PSNRs, is no margin
        margin = np.nan_to_num(np.abs(first - second), nan=0.0, posinf=np.finfo(np.float64).max)
    edges = np.quantile(margin[known], np.arange(1, BINS) / BINS, method="lower") if known.any() else np.zeros(0)
    return np.where(known, np.searchsorted(edges, margin, side="left"), BINS).astype(np.intp)
