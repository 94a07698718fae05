"""The search for ranges of Norm(), by hand."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.bundles.settings import NormRanges
from editjudge.calibration.norm_fit import fit_norm, search_ranges, try_ranges
from editjudge.calibration.rated_edits import RatedEdits
from editjudge.calibration.ratings import Rating
from support.rated_edits import measured_edit


def test_the_ranges_to_try_are_percentiles_and_wider_ones_the_widest_first() -> None:
    parts = [part for value in np.linspace(0.2, 0.6, 101) for part in measured_edit(value, 0.9).parts]
    tried = try_ranges(parts)
    assert tried["modify"][0] == (pytest.approx(-0.6), 0.6)  # two spreads under the least
    assert (0.2, 0.6) in tried["modify"]
    assert (0.22, 0.48) in tried["modify"]  # the 5th and the 70th
    assert tried["preserve"] == []  # all alike


def test_each_range_is_improved_while_the_other_is_fixed() -> None:
    tried = {"modify": [(0.0, 1.0), (0.1, 0.5)], "preserve": [(0.0, 1.0), (0.5, 1.0), (0.2, 0.9)]}
    wanted = NormRanges(modify=(0.1, 0.5), preserve=(0.5, 1.0))

    def quality(norm: NormRanges) -> float:
        return (norm.modify == wanted.modify) + (norm.preserve == wanted.preserve)

    assert search_ranges(tried, quality) == wanted
    assert search_ranges(tried, lambda _: 0.0) == NormRanges((0.0, 1.0), (0.0, 1.0))


def test_ranges_are_refitted_so_that_the_order_is_that_of_people() -> None:
    random = np.random.default_rng(0)
    rows = []
    for number in range(40):
        for modify in random.uniform(0.05, 0.3, 4):  # cosines of a CLIP that never says more
            rows.append((measured_edit(modify, random.uniform(0.9, 1.0)), str(number), Rating(1 + 10 * modify, 0.0)))
    edits = RatedEdits.of(rows)
    norm = fit_norm(edits)
    assert norm is not None
    numbers = edits.count_numbers(norm)
    wrong = edits.count_numbers(NormRanges((0.6, 1.0), (0.0, 1.0)))
    assert wrong.max() == 0  # nothing counts as done by ranges for other models
    agreed = [
        (numbers[one] - numbers[other]) * (edits.rating[one] - edits.rating[other]) > 0
        for group in range(40)
        for one, other in [np.flatnonzero(edits.group == group)[[0, 1]]]
    ]
    assert np.mean(agreed) > 0.8


@pytest.mark.parametrize("alike", ["rating", "measured", "alone"])
def test_there_is_nothing_to_choose_by_where_all_are_alike(alike: str) -> None:
    rows = [
        (
            measured_edit(0.5 if alike == "measured" else 0.1 * number, 0.9 + 0.01 * number),
            str(number if alike == "alone" else 0),
            Rating(3.0 if alike == "rating" else number % 5 + 1, 0.0),
        )
        for number in range(8)
    ]
    assert fit_norm(RatedEdits.of(rows)) is None
