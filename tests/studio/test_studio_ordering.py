"""Hand-made scores: how often they order candidates of known quality, and what calibration makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.bundles.settings import NormRanges
from editjudge.image.changes import ChangeKind
from editjudge.metrics.bpm.evidence import Evidence
from editjudge.metrics.bpm.rules import plain_sum
from editjudge.metrics.bpm.score import EditScore, PartScore, RegionScore, SemanticScore, Verdict
from editjudge.types import Drift, EditIntent
from studio.calibration.norm_ranges import calibrate, renorm_inputs, renormed
from studio.edits.candidates import EXTREMES
from studio.edits.compound import COMPOUND_TIERS
from studio.edits.ordering import (
    USUAL_TIERS,
    ScoredInput,
    Scores,
    agreement,
    agreement_by_pair,
    ground_truth,
    is_better,
    pairs,
    scores_more,
    share_unjudged,
)

INTENT = EditIntent("color", "car", "blue car")


def score(
    bpm: float | None, kind: ChangeKind = "edit", changed: float = 0.1, part: PartScore | None = None
) -> EditScore:
    part = part or PartScore(INTENT, SemanticScore(bpm, bpm, bpm, bpm, bpm), RegionScore(2.0, 1.0, 1.0))
    drift = Drift((0.0, 0.0), 1.0, (1.0,) * 3, (0.0,) * 3)
    return EditScore(
        bpm, part.semantic, part.region, 1.0, Verdict("not_judged", None), "", kind, changed, drift, (), "", INTENT,
        (part,), {}, {}, "", "", Evidence.none(),
    )  # fmt: skip


def by_quality(**bpm: float | None) -> Scores:
    return {quality: score(value) for quality, value in bpm.items()}


GOOD = by_quality(well_done=1.9, damaged=1.7, misplaced=1.2, wrong=1.3, noise=0.5, regenerated=0.4)
BAD = by_quality(well_done=0.5, damaged=0.5, noise=0.5, regenerated=0.2)


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


def test_without_a_number_only_the_pictures_can_decide() -> None:
    """Nor does it matter in which order the two are given."""
    assert not is_better(score(None), score(None))
    assert not is_better(score(1.0), score(1.0))
    assert is_better(score(None), score(None, "unchanged"))
    assert not is_better(score(None, "unchanged"), score(None))
    assert is_better(score(0.1), score(None))
    assert not is_better(score(None), score(0.1))
    assert is_better(score(None, changed=0.1), score(None, changed=0.5))
    assert scores_more(score(1.0), score(0.5))
    assert not any(scores_more(*both) for both in ((score(1.0), score(None)), (score(None), score(0.0))))


def test_a_null_is_neither_a_nought_nor_the_best() -> None:
    """A pair without a number is not right by the numbers, whichever of the two lacks one; the ranking puts it last."""
    best, worst = by_quality(well_done=None, noise=0.5, regenerated=0.4), by_quality(well_done=1.5, noise=None, wrong=0)
    assert [right for *_, right in pairs(best)] == [False, False]
    assert {worse: right for _, worse, right in pairs(worst)} == {"noise": True, "wrong": True}
    assert {worse: right for _, worse, right in pairs(worst, better=scores_more)} == {"noise": False, "wrong": True}
    assert agreement([best, worst], better=scores_more) == 0.25
    assert ground_truth([best]) == 0
    nothing = {"well_done": score(None), "noise": score(None, "noise"), "regenerated": score(None, "other_picture")}
    assert ground_truth([nothing]) == 1
    assert share_unjudged([best, worst, GOOD]) == pytest.approx(3 / 15)


def test_the_extremes_can_be_left_out_and_compounds_have_tiers_of_their_own() -> None:
    more = {**GOOD, **by_quality(too_strong=1.0, contrary=1.8, drifted=2.0)}
    assert agreement([more], USUAL_TIERS) == agreement([GOOD])
    assert agreement([more]) < agreement([GOOD])
    assert set(EXTREMES).isdisjoint(USUAL_TIERS)
    both = by_quality(both=1.9, both_damaged=1.6, first=1.0, second=None, none=0.0)
    assert [(one, other) for one, other, right in pairs(both, COMPOUND_TIERS) if not right] == [("second", "none")]
    assert len(pairs(both, COMPOUND_TIERS)) == 3 + 1 + 3


def scored(modify: float | None, preserve: float) -> EditScore:
    semantic = SemanticScore(None if modify is None else 0.0, modify and 0.0, 0.0, modify, preserve)
    part = PartScore(INTENT, semantic, RegionScore(2.0, 1.0, 1.0))
    return score(None if modify is None else 0.0, part=part)


def test_renormed_is_the_formula_by_hand() -> None:
    # modify (0.4 - 0) / 0.8 = 0.5, preserve (0.9 - 0.8) / 0.2 = 0.5; 0.7 * (0.5 + 0.5) + 0.3 * 2
    norm = NormRanges((0.0, 0.8), (0.8, 1.0))
    assert renormed(scored(0.4, 0.9), norm, plain_sum).bpm == pytest.approx(1.3)
    assert renormed(scored(None, 0.9), norm, plain_sum).bpm is None


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
                "wrong": scored(0.01, 0.99),
                "noise": scored(0.01, 0.1),
                "regenerated": scored(0.6, 0.1),
                "contrary": scored(9.0, 0.99),  # left out, as are the other extremes
            },
        )
        for index in range(3)
    ]
    norm = calibrate(inputs, plain_sum)
    assert np.max(norm.modify) <= 0.6
    ordered = renorm_inputs(inputs, norm, plain_sum)
    assert agreement(ordered, USUAL_TIERS) == ground_truth(ordered) == 1.0
