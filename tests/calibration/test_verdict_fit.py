"""The fit of a verdict: folds, thresholds by hand, and the probabilities as the runtime gives them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editjudge.bundles.settings import NormRanges
from editjudge.bundles.verdict_settings import VerdictSettings
from editjudge.calibration.rated_edits import RatedEdits
from editjudge.calibration.ratings import Rating
from editjudge.calibration.verdict_fit import fit_verdict, predict, set_thresholds, split
from editjudge.errors import InputError
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
    # Accepted from 0.5 on are 20, of which 19 are right: 0.86 of 22, two wrong ones more. Of 21 it is 19 of 23, 0.83.
    assert set_thresholds(chance, view(found), 0.85) == (0.5, pytest.approx(0.4751))
    # All 14 and all 15 at the ends, 14 of 16 and 15 of 17: from 0.65 on, and under what follows 0.35.
    assert set_thresholds(chance, view(found), 0.875) == (0.65, pytest.approx(0.3501))


def test_nothing_is_decided_where_too_little_is_right_or_too_few_are_alike() -> None:
    chance = np.arange(40) / 40
    assert set_thresholds(chance, view([0.0, 1.0] * 20), 0.9) == (1.0, 0.0)
    # Nine of ten is what chance makes somewhere: 17 of 17 are 0.89 of 19, 18 of 18 are 0.9 of 20.
    assert set_thresholds(chance[-17:], view([1.0] * 17), 0.9)[0] == 1.0
    assert set_thresholds(chance[-18:], view([1.0] * 18), 0.9)[0] == pytest.approx(0.55)


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
    assert set_thresholds(chance, view([0.0] * 20 + [1.0] * 16 + [0.0] * 4), 0.7)[0] == 0.8


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


def rated(*edits: tuple[float, float, float, float]) -> RatedEdits:
    """From modify, preserve, spill, and the share of raters who find it well done."""
    rows = [(measured_edit(*seen), f"{n % 12:02d}", Rating(3, share)) for n, (*seen, share) in enumerate(edits)]
    return RatedEdits.of(rows)


def tolerate_damage() -> RatedEdits:
    """Of raters who like the colour, and the damaged edits among those of a good colour a little better."""
    random = np.random.default_rng(3)
    rows = []
    for _ in range(80):
        modify, damage = random.uniform(0.66, 1.0), random.uniform(0, 0.07)
        likes = float(modify > 0.8) * 0.8 + 0.2 * float(damage > 0.03)
        rows.append((modify, 1 - damage, damage, float(random.random() < likes)))
    return rated(*rows)


def test_worse_is_never_better_whatever_raters_tolerate() -> None:
    settings = fit_verdict(tolerate_damage().view(FLAT), None, 0.9, 0)
    assert min(settings.modify, settings.modify_low, settings.preserve, settings.position, settings.size) >= 0
    assert settings.spill <= 0
    assert settings.modify > 0


def test_what_is_worse_than_all_that_were_rated_is_not_accepted() -> None:
    settings = replace(fit_verdict(tolerate_damage().view(FLAT), None, 0.9, 0), accept_at=0.6, reject_at=0.2)
    assert settings.least_preserve == pytest.approx(0.93, abs=0.005)
    assert settings.most_spill == pytest.approx(np.sqrt(0.07), abs=0.02)
    chance = predict(rated((1, 1, 0, 0), (1, 0, 0.05, 0), (1, 1, 0.63, 0)).view(FLAT), settings)
    assert chance[0] > 0.6
    assert (chance[1:] <= 0.4).all()


def test_what_seems_worse_than_all_that_were_rated_is_less_likely() -> None:
    """The curve ends at 0, and not at how many of the worst that were seen are well done."""
    edits, _ = simulate(60, seed=16)
    good = edits.take(np.array([one.parts[0].semantic.preserve_raw > 0.55 for one in edits.measured]))
    settings = replace(fit_verdict(good.view(FLAT), None, 0.9, 0), least_preserve=None)
    assert (settings.curve_at[0], settings.curve[0]) == (0, 0)
    worst, worse = predict(rated((1, 0.56, 0, 0), (1, 0.1, 0, 0)).view(FLAT), settings)
    assert worse < 0.5 * worst


def test_nothing_is_certain() -> None:
    """Or a bundle that is to accept nothing, at 1, would accept it."""
    edits = rated(*((0.9, 1.0, 0.0, 1.0),) * 40, *((0.9, 0.2, 0.0, 0.0),) * 40)
    settings = fit_verdict(edits.view(FLAT), None, 1.0, 0)
    assert (settings.accept_at, settings.reject_at) == (1.0, 0.0)
    assert predict(edits.view(FLAT), settings).max() < 1


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ([(0.3, 0.5, 0.0, 0.0)] * 40, "0 were done and leave no other doubt; have more rated"),
        ([(0.3, 0.5, 0.0, 0.0)] * 40 + [(0.9, 0.9, 0.0, 1.0)] * 12, "and people rate these alike"),
    ],
)
def test_a_verdict_needs_better_and_worse_edits_that_count_as_done(
    edits: list[tuple[float, float, float, float]], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        fit_verdict(rated(*edits).view(FLAT), None, 0.9, 0)


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
