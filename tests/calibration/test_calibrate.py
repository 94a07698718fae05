"""The whole calibration on ratings whose truth is known: what it reaches on fresh edits, and when it refuses."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from editjudge.bundles.settings import NormRanges
from editjudge.bundles.verdict_settings import VerdictSettings
from editjudge.calibration.calibrate import BundleNumbers, Calibration, FitOptions, calibrate, fit_scale, say
from editjudge.calibration.rated_edits import RatedEdits
from editjudge.errors import InputError
from support.rated_edits import simulate

FLAT = NormRanges((-0.0001, 1.0), (0.0, 1.0))
OPTIONS = FitOptions(resamples=200)
SURE = VerdictSettings(
    0.9, 0.1, bias=-1.0, modify=0.0, modify_low=0.0, preserve=12.0, position=0.0, size=0.0, spill=0.0, whole=0.0
)
"""Much too sure of everything: people find an edit with half of it preserved well done once in five times."""


def read(found: Calibration, table: str, row: str, column: str) -> float:
    return found.result.grids[table].row(row)[column].value


def test_a_verdict_that_is_off_is_mended() -> None:
    edits, _ = simulate(100, seed=1)
    found = calibrate(edits, BundleNumbers(FLAT, SURE), OPTIONS)
    assert found.refusal is None
    fresh, likely = simulate(400, seed=2)
    ways = (FLAT, SURE), (found.norm, found.verdict)
    before, after = (np.abs(say(fresh, *way).chance - likely).mean() for way in ways)
    assert before > 0.3
    assert after < 0.05
    told = {row: read(found, "errors", row, "calibration error") for row in ("before", "after")}
    assert told["before"] > 0.3
    assert told["after"] < 0.06
    record = found.calibrated_on
    assert (record.edits, record.groups, record.good_from) == (500, 100, 4.0)
    assert record.error == pytest.approx(told["after"], abs=1e-4)
    assert record.error_before == pytest.approx(told["before"], abs=1e-4)


def test_the_errors_told_are_those_of_edits_held_out() -> None:
    edits, _ = simulate(30, seed=4, candidates=4)
    fresh, _ = simulate(2000, seed=5)
    found = calibrate(edits, BundleNumbers(FLAT, None), OPTIONS)
    brier = np.mean((say(fresh, found.norm, found.verdict).chance - fresh.target) ** 2)
    cell = found.result.grids["errors"].row("after")["Brier"]
    assert cell.low < brier < cell.high
    assert "before" not in found.result.grids["errors"].rows
    assert found.calibrated_on.error_before is None


def test_decisions_are_right_as_often_as_was_asked_for() -> None:
    edits, _ = simulate(90, seed=6)
    fresh, likely = simulate(1000, seed=7)
    for right in (0.7, 0.9):
        found = calibrate(edits, BundleNumbers(FLAT, None), replace(OPTIONS, right=right))
        said = say(fresh, found.norm, found.verdict)
        majority = likely**3 + 3 * likely**2 * (1 - likely)  # two of three raters, or all
        assert majority[said.accepted].mean() > right - 0.04
        assert 1 - majority[said.rejected].mean() > right - 0.04
        assert said.accepted.mean() > 0.2


def test_what_nothing_reaches_is_told() -> None:
    edits, _ = simulate(60, seed=8, raters=1)
    found = calibrate(edits, BundleNumbers(FLAT, None), replace(OPTIONS, right=0.99))
    assert found.verdict.accept_at == 1.0
    assert [
        note
        for note in found.result.notes
        if note.startswith("nothing is accepted: nowhere are so many of them sure to be right, 0.99")
    ]


def test_norm_is_refitted_where_that_orders_better() -> None:
    edits, _ = simulate(60, seed=9)
    clipped = NormRanges((-0.0001, 1.0), (0.97, 1.0))  # all that is preserved less is alike
    found = calibrate(edits, BundleNumbers(clipped, None), OPTIONS)
    assert found.norm.preserve[0] < 0.6
    assert [note for note in found.result.notes if note.startswith("Norm() is refitted: the order of two changes by +")]
    start, refitted = (edits.count_numbers(norm) for norm in (clipped, found.norm))
    assert np.corrcoef(refitted, edits.rating)[0, 1] > np.corrcoef(start, edits.rating)[0, 1]


def test_norm_is_refitted_where_good_edits_counted_as_not_done() -> None:
    edits, _ = simulate(40, seed=14)
    blind = NormRanges((0.75, 1.0), (0.0, 1.0))  # by which half of them is not done at all, whatever people say
    found = calibrate(edits, BundleNumbers(blind, SURE), OPTIONS)
    assert found.norm.modify[0] < 0.75
    assert found.refusal is None
    fresh, likely = simulate(200, seed=15)
    assert np.abs(say(fresh, blind, SURE).chance - likely).mean() > 0.2
    assert np.abs(say(fresh, found.norm, found.verdict).chance - likely).mean() < 0.12


def shuffled(edits: RatedEdits) -> RatedEdits:
    order = np.random.default_rng(0).permutation(len(edits))
    return replace(edits, target=edits.target[order], rating=edits.rating[order])


def test_ratings_that_say_nothing_are_refused() -> None:
    edits, _ = simulate(60, seed=10)
    refusal = calibrate(shuffled(edits), BundleNumbers(FLAT, None), OPTIONS).refusal
    assert refusal is not None
    assert re.search(r"does not help on edits held out: its Brier score is [\d.]+ (higher|lower) than that of", refusal)


def test_what_is_right_already_is_not_replaced() -> None:
    edits, _ = simulate(60, seed=11)
    once = calibrate(edits, BundleNumbers(FLAT, None), OPTIONS)
    fresh, _ = simulate(60, seed=12)
    refusal = calibrate(fresh, BundleNumbers(once.norm, once.verdict), OPTIONS).refusal
    assert refusal is not None
    assert "than that of 'before' (" in refusal


def test_too_little_is_refused() -> None:
    edits, _ = simulate(20, seed=13)
    start = BundleNumbers(FLAT, None)
    with pytest.raises(InputError, match="49 rated edits have a number, and a calibration needs 50; have more rated"):
        calibrate(edits.take(np.arange(len(edits)) < 49), start, OPTIONS)
    with pytest.raises(InputError, match="are of too few inputs, 9 of 10; have edits of others rated, too"):
        calibrate(replace(edits, group=edits.group % 9), start, OPTIONS)
    with pytest.raises(InputError, match="people rated all edits alike, well done or not"):
        calibrate(replace(edits, target=np.ones(len(edits))), start, OPTIONS)


def test_the_scale_of_quality_goes_through_the_means_and_never_falls() -> None:
    chance = np.repeat([0.1, 0.3, 0.5, 0.6, 0.8, 0.9], 10)
    rating = np.repeat([1.2, 2.0, 3.4, 3.2, 4.0, 4.6], 10)
    scale = fit_scale(chance, rating)
    assert scale.probability == (0.1, 0.3, 0.5, 0.6, 0.8, 0.9)
    assert scale.rating == pytest.approx((1.2, 2.0, 3.3, 3.3, 4.0, 4.6))
    assert scale.read(0.2) == pytest.approx(1.6)
    assert (scale.read(0.0), scale.read(1.0)) == (1.2, 4.6)
