"""Errors of probabilities and decisions, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from editjudge.calibration.measures import BundleAnswers, RatedTruth, assess, measure_decisions, measure_errors
from editjudge.calibration.norm_fit import count_pairs
from editjudge.evaluation.statistics.bootstrap import Resampling

ALL = np.ones((1, 20))


def test_the_errors_by_hand() -> None:
    # Ten bins of two: in the first nine both say 0.1 k and one of two is well done in the odd ones; in the last 0.95.
    chance = np.repeat([0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95], 2)
    target = np.array([0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1], float)
    gaps = [0.05, 0.35, 0.25, 0.15, 0.05, 0.05, 0.35, 0.25, 0.15, 0.05]  # of the means of the bins
    brier = sum((said - found) ** 2 for said, found in zip(chance, target, strict=True)) / 20
    lost = -sum(math.log(said if found else 1 - said) for said, found in zip(chance, target, strict=True)) / 20
    np.testing.assert_allclose(measure_errors(chance, target, ALL), [[np.mean(gaps), brier, lost]])


def test_equal_probabilities_share_a_bin() -> None:
    target = np.array([0.0, 1.0] * 10)
    assert measure_errors(np.full(20, 0.5), target, ALL)[0, 0] == pytest.approx(0.0)
    assert measure_errors(np.full(20, 0.7), target, ALL)[0, 0] == pytest.approx(0.2)


def test_an_edit_that_was_drawn_twice_counts_twice() -> None:
    chance, target = np.array([0.2, 0.8]), np.array([1.0, 1.0])
    errors = measure_errors(chance, target, np.array([[1.0, 1.0], [0.0, 2.0], [3.0, 1.0]]))
    np.testing.assert_allclose(errors[:, 1], [(0.64 + 0.04) / 2, 0.04, (3 * 0.64 + 0.04) / 4])


def test_decisions_are_right_by_what_most_raters_found() -> None:
    said = BundleAnswers(np.zeros(5), np.array([1, 1, 1, 0, 0], bool), np.array([0, 0, 0, 1, 0], bool), np.zeros(5))
    target = np.array([1.0, 2 / 3, 1 / 3, 0.5, 0.0])
    decisions = measure_decisions(said, target, np.ones((1, 5)))
    np.testing.assert_allclose(decisions, [[2 / 3, 0.5, 4 / 5]])  # of two who differ, half agree


def test_what_was_never_decided_has_no_share_that_is_right() -> None:
    nothing = np.zeros(3, bool)
    decisions = measure_decisions(
        BundleAnswers(np.zeros(3), nothing, nothing, np.zeros(3)), np.ones(3), np.ones((1, 3))
    )
    assert np.isnan(decisions[0, :2]).all()
    assert decisions[0, 2] == 0


def test_pairs_are_of_one_input_and_a_tie_is_half() -> None:
    numbers = np.array([2.0, 1.0, 1.0, 0.5, 0.9])
    rating = np.array([5.0, 3.0, 4.0, 1.0, 1.0])
    pairs, right = count_pairs(numbers, rating, np.array([0, 0, 0, 2, 2]))
    np.testing.assert_array_equal(pairs, [3, 0, 0])  # the third input's are rated alike
    np.testing.assert_array_equal(right, [2.5, 0, 0])


def test_intervals_resample_whole_inputs() -> None:
    group = np.repeat(np.arange(30), 4)
    target = np.repeat(np.random.default_rng(0).integers(0, 2, 30), 4).astype(float)
    half = np.full(120, 0.5)
    nothing = np.zeros(120, bool)
    errors, _ = assess(
        {"half": BundleAnswers(half, nothing, nothing, half)},
        RatedTruth(target, target, group),
        Resampling(30, 1000, 0),
    )
    low, high = errors[0, 0].interval()
    # The mean of 30 coins, not of 120: its interval is 2 x 1.96 x 0.5 / sqrt(30) wide, folded at 0.
    ends = np.quantile(np.abs(np.random.default_rng(1).binomial(30, target.mean(), 20_000) / 30 - 0.5), [0.025, 0.975])
    np.testing.assert_allclose([low, high], ends, atol=0.02)
