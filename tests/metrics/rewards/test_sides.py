"""Following and preserving in the toy world, where it is known what was done and what was harmed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from editjudge import Scorer
from editjudge.datasets.demo import load_demo
from editjudge.image.decode import load_image
from editjudge.metrics.rewards.reward_score import NOTHING_WRONG, RewardResult, RewardScore
from editjudge.parser.calibration import UNSURE
from editjudge.parser.result import UNKNOWN, ParseResult, Request
from editjudge.types import EditIntent, Image
from support import toy_world
from support.toy_world import ADD, COLOR, LARGER, MOVE, REMOVE, REPLACE, STYLE, draw

CAR, BLUE_CAR, MOVED_CAR = ("red", "car", 60, 60), ("blue", "car", 60, 60), ("red", "car", 150, 60)
TOWER = ("green", "tower", 150, 140)
BLUE_BOX, GREEN_BOX = ("blue", "box", 150, 60), ("green", "box", 150, 140)
ORIGINAL = draw(CAR, TOWER)
DONE: list[tuple[EditIntent, Image]] = [
    (COLOR, draw(BLUE_CAR, TOWER)),
    (ADD, draw(CAR, TOWER, BLUE_BOX)),
    (REPLACE, draw(CAR, GREEN_BOX)),
    (MOVE, draw(MOVED_CAR, TOWER)),
]
FAILED: list[tuple[EditIntent, Image]] = [
    (COLOR, draw(CAR, ("blue", "tower", 150, 140))),
    (REMOVE, draw(TOWER)),
    (ADD, draw(CAR, TOWER, ("red", "box", 60, 150))),
    (MOVE, draw(("red", "car", 60, 150), TOWER)),
    (LARGER, draw(("blue", "car", 60, 60), TOWER)),
]


def judge(edited: Image, request: Request, original: Image = ORIGINAL, compat: str | None = None) -> RewardScore:
    result = toy_world.scorer(compat).score(original, edited, request, metrics="reward").metrics["reward"]
    assert isinstance(result, RewardResult)
    assert result.reward is not None
    return result.reward


def spoil(picture: Image, squares: Sequence[tuple[int, int]], side: int = 16, levels: int = 60) -> Image:
    """The picture with squares, by their top left corners x and y, that are so many levels brighter."""
    spoilt = picture.copy()
    for x, y in squares:
        spoilt[y : y + side, x : x + side] += np.uint8(levels)
    return spoilt


@pytest.mark.parametrize(("intent", "edited"), DONE, ids=lambda value: getattr(value, "edit_type", ""))
def test_what_was_done_and_nothing_else(intent: EditIntent, edited: Image) -> None:
    reward = judge(edited, intent)
    assert reward.following.passed
    assert reward.following.score >= 4
    assert reward.preserving.passed
    assert reward.preserving.score == pytest.approx(5.0, abs=0.05)
    assert reward.preserving.feedback == NOTHING_WRONG


@pytest.mark.parametrize(("intent", "edited"), FAILED, ids=lambda value: getattr(value, "edit_type", ""))
def test_what_was_not_done_is_not_followed(intent: EditIntent, edited: Image) -> None:
    following = judge(edited, intent).following
    assert following.passed is False
    assert following.score < 3
    assert following.feedback != NOTHING_WRONG


def test_what_went_wrong_with_the_object_is_no_harm_elsewhere() -> None:
    wrong = judge(draw(BLUE_CAR, TOWER), LARGER)
    assert wrong.following.score == 0
    assert wrong.preserving.score == pytest.approx(5.0, abs=0.05)


def test_damage_elsewhere_is_for_preserving_alone() -> None:
    good, damaged = judge(draw(BLUE_CAR, TOWER), COLOR), judge(draw(BLUE_CAR), COLOR)
    assert damaged.following == good.following
    assert damaged.preserving.passed is False
    assert damaged.preserving.score < good.preserving.score


@pytest.mark.parametrize("intent", [COLOR, STYLE], ids=["object", "whole"])
def test_an_unchanged_picture_followed_nothing_and_kept_all(intent: EditIntent) -> None:
    reward = judge(ORIGINAL, intent)
    assert (reward.following.score, reward.following.passed) == (0.0, False)
    assert (reward.preserving.score, reward.preserving.passed) == (5.0, True)
    assert reward.following.feedback == "Nothing was edited: the two pictures are the same."
    assert reward.overall == 0.0


def test_another_picture_is_neither() -> None:
    another = np.random.default_rng(0).integers(0, 255, ORIGINAL.shape, dtype=np.uint8)
    reward = judge(another, COLOR)
    assert (reward.following.score, reward.preserving.score) == (0.0, 0.0)
    assert reward.overall == 0.0  # though nothing can be said of its quality


def test_more_harm_costs_more() -> None:
    good = draw(BLUE_CAR, TOWER)
    places = [(10, 150), (40, 150), (70, 150), (10, 110), (40, 110), (70, 110)]
    by_count = [judge(spoil(good, places[:count]), COLOR).preserving.score for count in range(7)]
    by_size = [judge(spoil(good, places[:1], side), COLOR).preserving.score for side in (8, 16, 24, 32)]
    by_strength = [judge(spoil(good, places[:1], 24, levels), COLOR).preserving.score for levels in (15, 30, 60, 120)]
    for points in (by_count, by_size, by_strength):
        assert points == sorted(points, reverse=True)
        assert len(set(points)) == len(points)


def test_a_change_of_all_of_the_picture_costs_little() -> None:
    brighter = np.clip(draw(BLUE_CAR, TOWER) * 1.1, 0, 255).astype(np.uint8)
    preserving = judge(brighter, COLOR).preserving
    assert 4 <= preserving.score < 5
    assert preserving.passed


def test_a_compound_is_followed_as_far_as_its_parts_are() -> None:
    words = "Paint the car blue and replace the tower with a green box."
    asked = ParseResult((COLOR, REPLACE), (UNSURE, UNSURE), confident=True, instruction=words)
    results = (BLUE_CAR, GREEN_BOX), (BLUE_CAR, TOWER), (CAR, TOWER, ("red", "box", 60, 150))
    both, one, none = (judge(draw(*things), asked) for things in results)
    assert both.following.passed
    assert one.following.score == pytest.approx(both.following.score / 2, abs=0.3)
    assert one.following.passed is False
    assert "tower" in one.following.feedback
    assert "car" not in one.following.feedback
    assert none.following.score == 0.0


def test_where_nothing_is_known_nothing_is_said() -> None:
    unknown = EditIntent("color", "red dog", "blue dog")  # there is none
    for request in (unknown, UNKNOWN):
        reward = judge(draw(BLUE_CAR, TOWER), request)
        assert reward.following.score is reward.following.passed is None
        assert reward.preserving.score is reward.preserving.passed is None
        assert reward.following.feedback.startswith("Not judged: ")
        assert reward.overall is None


def test_the_rules_of_the_papers_are_judged_by_too() -> None:
    for compat in ("paper", "released"):
        assert judge(draw(BLUE_CAR, TOWER), COLOR, compat=compat).following.passed
        damaged, good = (judge(picture, COLOR, compat=compat) for picture in (draw(BLUE_CAR), draw(BLUE_CAR, TOWER)))
        assert damaged.preserving.score < good.preserving.score - 1


KEPT = EditIntent("remove", "all", None, keep="car")


@pytest.mark.parametrize(
    ("things", "followed", "preserved"),
    [((CAR,), True, True), ((CAR, TOWER), False, True), ((BLUE_CAR,), True, False), ((), True, False)],
    ids=["done", "half done", "kept one painted", "kept one gone"],
)
def test_of_what_is_cleared_what_is_named_is_to_stay(
    things: tuple[tuple[str, str, int, int], ...], followed: bool, preserved: bool
) -> None:
    reward = judge(draw(*things), KEPT, draw(CAR, TOWER, BLUE_BOX))
    assert (reward.following.passed, reward.preserving.passed) == (followed, preserved)


@pytest.mark.parametrize("instruction", ["rotate the picture by 90 degrees", "crop the picture to its centre"])
def test_what_was_not_understood_has_no_reward(instruction: str) -> None:
    """A picture that was turned, or of which the middle is left, is another one to the pixels; whether it was to be so
    is not known.
    """
    original = load_image(load_demo()[0].original)
    edited = np.rot90(original).copy() if "rotate" in instruction else original[90:-90, 90:-90]
    with Scorer.load("studio", "cpu", 1) as scorer:
        reward = scorer.score(original, edited, instruction, metrics=("reward",)).metrics["reward"].reward
    assert reward.following.score is None
    assert reward.preserving.score is None
    assert reward.preserving.feedback.startswith("Not judged: ")
    assert reward.overall is None
