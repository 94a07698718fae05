"""How far an order can be relied on: agreement with humans by the margin of the scores, and by their confidence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from editjudge.protocols.alignment import Alignment
from editjudge.protocols.bootstrap import Resampling, Sampled, tally
from editjudge.protocols.measures import BPM
from editjudge.protocols.options import Options
from editjudge.protocols.result import Grid
from editjudge.protocols.score_table import Numbers, ScoreTable

BINS = 5
FIFTHS = [f"{name} fifth" for name in ("narrowest", "second", "third", "fourth", "widest")]
RANGES = [f"{low / BINS:.1f} to {(low + 1) / BINS:.1f}" for low in range(BINS)]
FEWEST = 10  # pairs in a bin, on average, under which the bins would say nothing


def reliability(
    table: ScoreTable, alignment: Alignment, scores: Mapping[str, Numbers], options: Options
) -> dict[str, Grid]:
    """Up to two grids, metrics by bin; none where there are too few pairs."""
    pairs = alignment.pairs
    if len(pairs) < BINS * FEWEST:
        return {}
    bins = np.stack([_fifths(score[pairs.first], score[pairs.second]) for score in scores.values()])
    shares, counts = _shares(alignment, alignment.right, bins, options)
    title = "agreement by the margin between the two scores"
    grids = {"margin": Grid.of(title, alignment.names, FIFTHS, shares, counts)}
    if "confidence" in table and BPM.name in alignment.names:
        trust = table.numbers("confidence", "")
        lesser = np.minimum(trust[pairs.first], trust[pairs.second])
        bins = np.where(np.isnan(lesser), BINS, np.clip(np.nan_to_num(lesser) * BINS, 0, BINS - 1)).astype(np.intp)
        right = alignment.right[alignment.names.index(BPM.name)]
        shares, counts = _shares(alignment, right[None], bins[None], options)
        title = "agreement by the lesser confidence of the two scores"
        grids["confidence"] = Grid.of(title, [BPM.name], RANGES, shares, counts)
    return grids


def _fifths(one: Numbers, other: Numbers) -> NDArray[np.intp]:
    """int[N], 0 to 4: in which fifth of all margins each lies; equal ones lie in the same."""
    with np.errstate(invalid="ignore"):  # inf - inf, as of two perfect PSNRs, is no margin
        margin = np.nan_to_num(np.abs(one - other), nan=0.0, posinf=np.finfo(np.float64).max)
    edges = np.quantile(margin, np.arange(1, BINS) / BINS, method="lower")
    return np.searchsorted(edges, margin, side="left")


def _shares(alignment: Alignment, right: Numbers, bins: NDArray[np.intp], options: Options) -> tuple[Sampled, Numbers]:
    """The shares [M, bins] of float64[M, N] in bins int[M, N], and how many each holds; a bin past the last is none."""
    pairs = alignment.pairs

    def by_bin(values: Numbers) -> Numbers:
        each = [tally(one, pairs.group, where, pairs.groups, BINS + 1) for one, where in zip(values, bins, strict=True)]
        return np.stack(each, axis=1)[:, :, :BINS]

    counts = by_bin(np.ones(right.shape))
    shares = Resampling(pairs.groups, options.resamples, options.seed).shares(by_bin(right), counts)
    return shares, counts.sum(axis=0)
