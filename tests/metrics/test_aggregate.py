"""From sub-scores to one score, and how far it is to be trusted."""

from __future__ import annotations

import pytest

from editjudge.metrics.bpm import aggregate
from editjudge.metrics.bpm.subscore import GIVEN, SubScore


def test_norm_clips() -> None:
    assert [aggregate.norm(value, (0.2, 0.6)) for value in (0.0, 0.2, 0.3, 0.6, 9.0)] == [
        0,
        0,
        pytest.approx(0.25),
        1,
        1,
    ]
    assert aggregate.norm(None, (0.2, 0.6)) is None


def test_bpm_weighs_the_two_tiers() -> None:
    assert aggregate.bpm(1.0, 2.0) == pytest.approx(0.7 * 1.0 + 0.3 * 2.0)
    assert aggregate.bpm(1.5, None) == 1.5
    assert aggregate.semantic_score(0.4, 0.9) == pytest.approx(1.3)
    assert aggregate.semantic_score(0.4, None) == pytest.approx(0.8)


def test_confidence_counts_what_was_measured() -> None:
    measured, fallback = SubScore(0.3), SubScore(1.0, "fallback", "anchor_not_found")
    assert aggregate.confidence([measured, measured], [], []) == 1.0
    assert aggregate.confidence([measured, measured, fallback, GIVEN], [], []) == pytest.approx(2 / 3)
    assert aggregate.confidence([measured], [0.8, 0.4], []) == pytest.approx(0.6)
    assert aggregate.confidence([measured], [0.8], ["out_of_domain", "resized"]) == pytest.approx(0.4)
    assert aggregate.confidence([fallback], [0.8], []) == 0.0
