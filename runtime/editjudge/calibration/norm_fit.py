"""Finds the ranges of Norm() that order edits best, out of percentiles of what was measured of them, and wider ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.settings import NormRanges, Range
from editjudge.calibration.rated_edits import RatedEdits
from editjudge.metrics.registry import PartScore, is_ranged
from editjudge.types import Doubles

LOWS = (0, 2, 5, 10, 20, 30, 40, 50)
HIGHS = (100, 98, 95, 90, 80, 70, 60)
BEYOND = (2.0, 1.0, 0.5)
"""How far under the least value a range may begin, in spreads of the values: where all edits were done, none of them
marks where that begins."""
NARROWEST = 1e-3


def fit_norm(edits: RatedEdits) -> NormRanges | None:
    """The ranges by which the numbers order the edits of an input most as people do.

    None where there is nothing to choose by: no input has edits that are rated differently, or all were measured alike.
    """
    pairs, _ = count_pairs(np.zeros(len(edits)), edits.rating, edits.group)
    tried = try_ranges([part for one in edits.measured for part in one.parts])
    if not pairs.sum() or not all(tried.values()):
        return None

    def order(norm: NormRanges) -> float:
        _, right = count_pairs(edits.count_numbers(norm), edits.rating, edits.group)
        return float(right.sum())

    return search_ranges(tried, order)


def search_ranges(tried: dict[str, list[Range]], quality: Callable[[NormRanges], float]) -> NormRanges:
    """The ranges of the best quality: each is improved in turn while the other is fixed.

    Of several that are as good, the first of those that are tried.
    """
    best = NormRanges(**{name: candidates[0] for name, candidates in tried.items()})
    for name in ("preserve", "modify", "preserve", "modify"):
        best = max((replace(best, **{name: candidate}) for candidate in tried[name]), key=quality)
    return best


def try_ranges(parts: Sequence[PartScore]) -> dict[str, list[Range]]:
    """The ranges to try for "modify" and "preserve", the widest first, as these clip the least."""
    modified = [part.semantic.modify_raw for part in parts if is_ranged(part)]
    preserved = [part.semantic.preserve_raw for part in parts]
    return {"modify": list(_try(modified)), "preserve": list(_try(preserved))}


def count_pairs(numbers: Doubles, rating: Doubles, group: NDArray[np.intp]) -> tuple[Doubles, Doubles]:
    """The pairs of one group that people rate differently, and those that numbers put in their order; a tie is half.

    Args:
        numbers, rating: float64[N].
        group: int[N], from 0.

    Returns:
        float64[G] each, G being one more than the largest group.
    """
    groups = int(group.max()) + 1
    pairs, right = np.zeros(groups), np.zeros(groups)
    ordered = np.argsort(group, kind="stable")
    for rows in np.split(ordered, np.flatnonzero(np.diff(group[ordered])) + 1):
        wanted = rating[rows][:, None] > rating[rows]
        told = np.sign(numbers[rows][:, None] - numbers[rows])
        pairs[group[rows[0]]] = wanted.sum()
        right[group[rows[0]]] = (wanted * (1 + told)).sum() / 2
    return pairs, right


def _try(measured: Sequence[float | None]) -> Iterator[Range]:
    values = [value for value in measured if value is not None]
    if not values:
        return
    least, spread = min(values), max(values) - min(values)
    lows = [*(least - beyond * spread for beyond in BEYOND), *(float(np.percentile(values, low)) for low in LOWS)]
    for low, high in product(lows, (float(np.percentile(values, high)) for high in HIGHS)):
        if high - low > NARROWEST and spread > NARROWEST:
            yield round(low, 4), round(high, 4)
