"""The reward as metrics, on the demo's pictures with the embedded bundle; what was done with each is known there."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from editjudge import Scorer
from editjudge.datasets.demo import load_demo
from editjudge.image.decode import load_image
from editjudge.metrics import METRICS
from editjudge.metrics.base import MetricResult
from editjudge.metrics.rewards import local
from editjudge.metrics.rewards.reward_score import NOTHING_WRONG, RewardResult, RewardScore, join_feedback

NAMES = ("reward", "reward_following", "reward_preserving", "reward_quality")
DAMAGED = "well done, with damage elsewhere"
INPUTS = {one.id: one for one in load_demo()}
SPOILT = sorted(name for name, one in INPUTS.items() if DAMAGED in {candidate.label for candidate in one.candidates})


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("studio", "cpu", threads=1)


def measure(scorer: Scorer, place: str, label: str, names: tuple[str, ...] = NAMES) -> dict[str, MetricResult]:
    """The results of the demo's candidate of that label."""
    shown = INPUTS[place]
    (edited,) = (one.file for one in shown.candidates if one.label == label)
    return dict(scorer.score(shown.original, edited, shown.instruction, metrics=names).metrics)


def judge(scorer: Scorer, place: str, label: str) -> RewardScore:
    result = measure(scorer, place, label, ("reward",))["reward"]
    assert isinstance(result, RewardResult)
    assert result.reward is not None
    return result.reward


@pytest.mark.parametrize("place", sorted(INPUTS))
def test_a_good_edit_has_nothing_wrong(scorer: Scorer, place: str) -> None:
    reward = judge(scorer, place, "well done")
    for side in (reward.following, reward.preserving):
        assert side.passed
        assert side.feedback == NOTHING_WRONG
    assert reward.judge.to_dict() == {"name": "local", "model": "studio", "prompts": None, "seed": None}


@pytest.mark.parametrize("place", SPOILT)
def test_damage_is_told_with_its_place_and_lowers_preserving_alone(scorer: Scorer, place: str) -> None:
    good, damaged = (judge(scorer, place, label) for label in ("well done", DAMAGED))
    assert damaged.preserving.score < 3 < good.preserving.score
    assert damaged.following.passed
    assert damaged.following.score == pytest.approx(good.following.score, abs=0.5)
    assert re.fullmatch(
        r"(Not asked for: .+|Something changed .+), (in the centre|at the \w+ \w+)(, and .+)?\.",
        damaged.preserving.feedback,
    )


def test_what_is_wrong_is_told(scorer: Scorer) -> None:
    wrong = judge(scorer, "color", "wrong object or colour")
    assert (wrong.following.score, wrong.following.passed) == (0.0, False)
    assert wrong.following.feedback == "The car did not turn blue."
    misplaced = judge(scorer, "color", "right object, wrong place or size")
    assert 0 < misplaced.following.score < 3
    assert misplaced.following.feedback.startswith("The car turned blue, but ")
    unchanged = judge(scorer, "color", "nothing changed")
    assert unchanged.following.feedback.startswith("Nothing was edited")
    assert unchanged.preserving.score > 4.5


def test_the_sides_are_parts_of_the_reward_which_is_judged_once(
    scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    judged = local.judge_quality
    monkeypatch.setattr(local, "judge_quality", lambda context: (calls.append(1), judged(context))[1])
    results = measure(scorer, "color", "well done", NAMES[::-1])
    assert calls == [1]
    whole = results["reward"]
    assert isinstance(whole, RewardResult)
    assert whole.reward is not None
    assert whole.value == whole.reward.overall is not None
    for side, value in whole.parts.items():
        assert results[f"reward_{side}"].value == value == getattr(whole.reward, side).score
    assert whole.explanation is None
    assert whole.judge == {"name": "local", "model": "studio", "prompts": None, "seed": None}


def test_what_is_wrong_is_said_by_side_and_nothing_else() -> None:
    assert join_feedback({"following": "None", "preserving": "A dog is gone.", "quality": "Noise."}) == (
        "Preserving: A dog is gone. Quality: Noise."
    )
    assert join_feedback({"following": "None", "preserving": "None", "quality": "None"}) is None


def test_what_they_are() -> None:
    specs = {metric.spec.name: metric.spec for metric in METRICS if metric.spec.name in NAMES}
    assert tuple(specs) == NAMES
    assert {spec.range for spec in specs.values()} == {(0.0, 5.0)}
    assert all(spec.higher_is_better and spec.reads_intent for spec in specs.values())


def test_a_blur_of_all_of_the_picture_is_told(scorer: Scorer) -> None:
    shown = INPUTS["color"]
    (good,) = (load_image(one.file) for one in shown.candidates if one.label == "well done")
    blurred = np.asarray(cv2.GaussianBlur(good, (0, 0), 1.2), np.uint8)
    result = scorer.score(shown.original, blurred, shown.instruction, metrics="reward").metrics["reward"]
    assert isinstance(result, RewardResult)
    assert result.reward is not None
    assert 3 < result.reward.preserving.score < 4.5
    assert result.reward.preserving.feedback == "The whole picture became blurred."
    assert result.reward.following.passed
