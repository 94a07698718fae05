"""The fit of a verdict: folds, thresholds by hand, and the probabilities as the runtime gives them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editjudge.bundles.settings import NormRanges
from editjudge.bundles.verdict_settings import VerdictSettings
from editjudge.calibration.rated_edits import RatedEdits, Rating
from editjudge.calibration.verdict_fit import fit_verdict, predict, set_thresholds, split
from support.rated_edits import measured_edit, simulate

RAW = NormRanges((0.0, 1.0), (0.0, 1.0))
FLAT = NormRanges((-0.0001, 1.0), (0.0, 1.0))
"""Hardly another range, but one that counts as calibrated: what is over 0.65 is done in full."""


def test_no_input_is_in_two_folds() -> None:
    group = np.random.default_rng(0).integers(0, 17, 200)
    folds = list(split(group, seed=3))
    np.testing.assert_array_equal(np.sum(folds, axis=0), 1)
    for held in folds:
        assert held.any()
        assert not set(group[held]) & set(group[~held])
    assert any((one != other).any() for one, other in zip(folds, split(group, seed=4), strict=True))


def view(target: list[float], doubtful: list[int] | None = None, misread: list[int] | None = None):
    doubted, misunderstood = doubtful or [], misread or []
    edits = [
        (measured_edit(1, 1, doubtful=number in doubted, misread=number in misunderstood), "a", Rating(3, share))
        for number, share in enumerate(target)
    ]
    return RatedEdits.of(edits).view(FLAT)


def test_the_thresholds_by_hand() -> None:
    chance = np.arange(40) / 40
    # The best 20 are well done but for one of them, at 0.625; the worst 20 are not, but for one at 0.375.
    found = [0.0] * 15 + [1.0] + [0.0] * 4 + [1.0] * 5 + [0.0] + [1.0] * 14
    # Accepted from 0.5 on are 20, of which 19 are right, 0.95; under 0.525 on, 21, of which 19 are, 0.905.
    assert set_thresholds(chance, view(found), 0.95) == (0.5, pytest.approx(0.4751))
    # All 15 and all 14 at the ends: from 0.65 on, and under what follows 0.35.
    assert set_thresholds(chance, view(found), 1.0) == (0.65, pytest.approx(0.3501))


def test_nothing_is_decided_where_too_little_is_right_or_too_few_are_alike() -> None:
    chance = np.arange(40) / 40
    assert set_thresholds(chance, view([0.0, 1.0] * 20), 0.9) == (1.0, 0.0)
    assert set_thresholds(chance[:9], view([1.0] * 9), 0.9) == (1.0, 0.0)


def test_what_is_rather_bad_is_not_accepted_however_many_others_are_good() -> None:
    chance = np.linspace(0.3, 1.0, 71)
    accept_at, reject_at = set_thresholds(chance, view([1.0] * 71), 0.9)
    assert (accept_at, reject_at) == (0.5, 0.0)
    accept_at, reject_at = set_thresholds(chance, view([0.0] * 71), 0.9)
    assert (accept_at, reject_at) == (1.0, 0.5)


def test_equal_probabilities_are_decided_alike() -> None:
    chance = np.repeat([0.6, 0.8], 20)
    # From 0.8 on 16 of 20 are right; some order of equal ones would reach 0.9 with the first 16.
    assert set_thresholds(chance, view([0.0] * 20 + [1.0] * 16 + [0.0] * 4), 0.9)[0] == 1.0
    assert set_thresholds(chance, view([0.0] * 20 + [1.0] * 16 + [0.0] * 4), 0.8)[0] == 0.8


def test_doubtful_edits_say_nothing_of_what_is_accepted_nor_misread_ones_of_what_is_rejected() -> None:
    chance = np.repeat([0.2, 0.9], 20)
    found = [0.0] * 20 + [1.0] * 20
    accept_at, reject_at = set_thresholds(chance, view(found, [*range(20, 35)], [*range(15)]), 0.9)
    assert (accept_at, reject_at) == (1.0, 0.0)


def test_the_fit_tells_how_many_are_well_done() -> None:
    edits, _ = simulate(120, seed=1)
    settings = fit_verdict(edits.view(FLAT), None, 0.9, 0)
    fresh, likely = simulate(400, seed=2)
    off = predict(fresh.view(FLAT), settings) - likely
    assert np.abs(off).mean() < 0.05
    # The regression alone would end at 1; the most that is found well done is 0.9.
    assert predict(fresh.view(FLAT), settings).max() < 0.96


def test_a_verdict_that_points_the_right_way_is_kept_in_its_direction() -> None:
    edits, _ = simulate(12, seed=5, candidates=5)
    start = VerdictSettings(0.8, 0.2, bias=-2.0, modify=0.0, modify_low=0.0, preserve=12.0, position=0.0, size=0.0, spill=0.0, whole=0.0)  # fmt: skip  # noqa: E501
    fitted = fit_verdict(edits.view(FLAT), start, 0.9, 0)
    assert (fitted.modify, fitted.spill, fitted.position) == (0, 0, 0)
    assert fitted.preserve > 0
    assert fitted.bias / fitted.preserve != pytest.approx(start.bias / start.preserve, abs=0.1)


def test_what_is_doubtful_is_at_most_in_the_middle() -> None:
    edits, _ = simulate(60, seed=3)
    settings = replace(fit_verdict(edits.view(FLAT), None, 0.9, 0), accept_at=0.7, reject_at=0.3)
    doubtful = RatedEdits.of([(measured_edit(1.0, 1.0, doubtful=True), "a", Rating(5, 1))]).view(FLAT)
    assert predict(doubtful, settings) == pytest.approx([0.5])
    undone = RatedEdits.of([(measured_edit(0.4, 1.0), "a", Rating(5, 1))]).view(FLAT)
    assert predict(undone, settings) == [0.0]
