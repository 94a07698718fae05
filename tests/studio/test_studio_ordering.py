"""Hand-made scores: how often they order candidates of known quality, and what calibration makes of them."""

from __future__ import annotations

import pytest

from editjudge.metrics.bpm.score import EditScore, RegionScore, SemanticScore
from editjudge.types import EditIntent
from studio.calibration.norm_ranges import calibrate, renormed
from studio.edits.ordering import ScoredInput, agreement, agreement_by_pair, ground_truth, pairs

GOOD = {"well_done": 1.9, "damaged": 1.7, "misplaced": 1.2, "wrong": 1.3, "noise": 0.5, "regenerated": 0.4}
BAD = {"well_done": 0.5, "damaged": 0.5, "noise": 0.5, "regenerated": 0.2}


def test_pairs_are_of_different_tiers_and_a_tie_is_wrong() -> None:
    verdicts = {(better, worse): right for better, worse, right in pairs(GOOD)}
    assert len(verdicts) == 5 + 3 + 3
    assert ("damaged", "misplaced") not in verdicts
    assert [pair for pair, right in verdicts.items() if not right] == [("misplaced", "wrong")]
    assert {(better, worse): right for better, worse, right in pairs(BAD)} == {
        ("well_done", "damaged"): False,
        ("well_done", "noise"): False,
        ("well_done", "regenerated"): True,
        ("damaged", "noise"): False,
        ("damaged", "regenerated"): True,
    }


def test_shares() -> None:
    assert agreement([GOOD, BAD]) == pytest.approx((10 + 2) / (11 + 5))
    assert agreement_by_pair([GOOD, BAD])["well_done", "noise"] == 0.5
    assert ground_truth([GOOD, BAD]) == 0.5


def scored(modify: float, preserve: float) -> EditScore:
    semantic = SemanticScore(0.0, 0.0, 0.0, modify, preserve)
    intent = EditIntent("color", "car", "blue car")
    return EditScore(0.0, semantic, RegionScore(2.0, 1.0, 1.0), 1.0, (), "", intent, {}, {}, "", "", None)


def test_renormed_is_the_formula_by_hand() -> None:
    # modify (0.4 - 0) / 0.8 = 0.5, preserve (0.9 - 0.8) / 0.2 = 0.5; 0.7 * (0.5 + 0.5) + 0.3 * 2
    assert renormed(scored(0.4, 0.9), (0.0, 0.8), (0.8, 1.0)) == pytest.approx(1.3)


def test_calibration_finds_ranges_that_order() -> None:
    # Over the widest range the damage would hardly count: the raw scores of noise lie far below.
    inputs = [
        ScoredInput(
            index,
            "color",
            "",
            {
                "well_done": scored(0.50, 0.99),
                "damaged": scored(0.55, 0.95),
                "wrong": scored(0.0, 0.99),
                "noise": scored(0.0, 0.1),
                "regenerated": scored(0.6, 0.1),
            },
        )
        for index in range(3)
    ]
    modify, preserve = calibrate(inputs)
    bpms = [
        {quality: renormed(one, modify, preserve) for quality, one in scored_input.scores.items()}
        for scored_input in inputs
    ]
    assert agreement(bpms) == ground_truth(bpms) == 1.0
