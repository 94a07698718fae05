"""What is opened beforehand, so that a call with a budget need not wait for it."""

from __future__ import annotations

import pytest

from editjudge import Scorer
from editjudge.datasets.demo import load_demo
from editjudge.types import Look


@pytest.mark.parametrize("look", ["all", "changes"])
def test_after_a_warm_up_no_score_opens_a_model(look: Look) -> None:
    with Scorer.load("studio", "cpu", look=look, keep_answers=False) as scorer:
        entry = load_demo()[0]
        scorer.warm_up(entry.instruction)
        opened = set(scorer.models.placements)
        for demo in load_demo():
            scorer.score(demo.original, demo.candidates[0].file, demo.instruction)
        assert set(scorer.models.placements) == opened
        windows = {"detector_medium", "sam_encoder_medium"}
        assert windows & opened == (windows if look == "changes" else set())
