"""The metrics that look where the differences are, in the toy world, whose CLIP can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from editjudge.metrics import METRICS
from editjudge.parser.calibration import UNSURE
from editjudge.parser.result import UNKNOWN, ParseResult, Request
from editjudge.types import EditIntent, Image
from support import toy_world
from support.toy_world import COLOR, COLOURS, REMOVE, STYLE, draw

CAR, BLUE_CAR, TOWER, GREEN_BOX = (
    ("red", "car", 60, 60), ("blue", "car", 60, 60), ("green", "tower", 150, 140), ("green", "box", 150, 60)
)  # fmt: skip
ORIGINAL = draw(CAR, TOWER)
NAMES = ("dice_coherent", "dice_clip_i", "dice_clip_t")


def measure(edited: Image, request: Request = COLOR, original: Image = ORIGINAL) -> dict[str, float | None]:
    score = toy_world.scorer().score(original, edited, request, metrics=(*NAMES, "clip_i", "clip_t"))
    return {name: result.value for name, result in score.metrics.items()}


def dot(one: str, other: str) -> float:
    """Of two colours as the toy world's CLIP has them."""
    return float(np.dot(np.array(COLOURS[one]) / 255, np.array(COLOURS[other]) / 255))


def test_damage_counts_by_its_share_of_all_that_changed() -> None:
    scored = toy_world.scorer().score(ORIGINAL, draw(BLUE_CAR, TOWER, GREEN_BOX), COLOR, metrics=NAMES)
    asked = {one.change: (one.coherent, one.energy) for one in scored.differences}
    assert (asked["EDIT"][0], asked["ADD"][0]) == (True, False)
    share = asked["EDIT"][1] / (asked["EDIT"][1] + asked["ADD"][1])
    assert scored.metrics["dice_coherent"].value == pytest.approx(share)
    assert scored.unasked_share == pytest.approx(1 - share)
    assert measure(draw(BLUE_CAR, TOWER))["dice_coherent"] == 1.0
    assert measure(draw(CAR, TOWER, GREEN_BOX))["dice_coherent"] == 0.0


def test_pictures_are_compared_without_what_was_asked_for() -> None:
    """Without the car the pictures show a green tower, and a green tower with a green box."""
    own = dot("green", "green")
    damaged = measure(draw(BLUE_CAR, TOWER, GREEN_BOX))
    assert damaged["dice_clip_i"] == pytest.approx(math.sqrt((own + 1) / (own + 2)), abs=1e-6)
    assert damaged["dice_clip_i"] != pytest.approx(damaged["clip_i"], abs=1e-3)
    assert measure(draw(BLUE_CAR, TOWER))["dice_clip_i"] == pytest.approx(1.0, abs=1e-6)


def test_where_nothing_was_asked_for_whole_pictures_are_compared() -> None:
    result = measure(draw(CAR, TOWER, GREEN_BOX))
    assert result["dice_clip_i"] == result["clip_i"] is not None
    assert result["dice_clip_t"] is None


def test_what_was_done_as_asked_is_compared_with_the_words() -> None:
    """The mean over two cars that were to turn blue; of one only half did."""
    done = measure(draw(BLUE_CAR, TOWER))
    assert done["dice_clip_t"] == pytest.approx(1.0, abs=1e-6)
    assert done["clip_t"] < 0.9  # of the whole picture, the tower and all
    edited = draw(BLUE_CAR, ("green", "car", 140, 150))
    edited[150:165, 110:170] = COLOURS["blue"]
    both = measure(edited, original=draw(CAR, ("red", "car", 140, 150)))
    mixed = (dot("green", "green") + 2 * dot("green", "blue") + dot("blue", "blue")) / 4  # its colour with itself
    alike = (dot("green", "blue") + dot("blue", "blue")) / 2 + 1
    half = alike / math.sqrt((mixed + 1) * (dot("blue", "blue") + 1))
    assert both["dice_coherent"] == 1.0
    assert both["dice_clip_t"] == pytest.approx((1 + half) / 2, abs=1e-6)


def test_the_instruction_goes_before_the_target() -> None:
    request = ParseResult((COLOR,), (UNSURE,), confident=True, instruction="Red box")
    alike = dot("blue", "red") / (dot("blue", "blue") + 1)  # a blue car and a red box: not the same thing
    assert measure(draw(BLUE_CAR, TOWER), request)["dice_clip_t"] == pytest.approx(alike, abs=1e-6)


def test_where_it_cannot_be_told_nothing_is_measured() -> None:
    result = measure(draw(CAR, TOWER, GREEN_BOX), EditIntent("add", None, "dog"))  # which no model knows here
    assert [result[name] for name in NAMES] == [None, None, None]
    assert result["clip_i"] is not None


def test_what_is_gone_has_no_words_to_be_compared_with() -> None:
    result = measure(draw(CAR), REMOVE)
    assert (result["dice_coherent"], result["dice_clip_t"]) == (1.0, None)
    assert result["dice_clip_i"] == pytest.approx(1.0, abs=1e-6)


def test_nothing_is_left_of_a_picture_that_was_to_change_as_a_whole() -> None:
    original, edited = (np.empty((200, 200, 3), np.uint8) for _ in range(2))
    original[:, :100], original[:, 100:] = COLOURS["red"], COLOURS["green"]
    edited[::2], edited[1::2], edited[:100], edited[:, 150:] = (
        *(COLOURS[name] for name in ("green", "blue", "green")),
        250,
    )
    result = measure(edited, STYLE, original)
    assert (result["dice_coherent"], result["dice_clip_i"]) == (1.0, None)
    assert result["dice_clip_t"] == pytest.approx(result["clip_t"], abs=1e-6)  # its box is the picture


@pytest.mark.parametrize("request_", [COLOR, STYLE, UNKNOWN], ids=["color", "style", "nothing"])
def test_where_nothing_changed(request_: Request) -> None:
    result = measure(ORIGINAL, request_)
    assert (result["dice_coherent"], result["dice_clip_t"]) == (None, None)
    assert result["dice_clip_i"] == pytest.approx(1.0, abs=1e-6)


def test_where_nothing_was_asked() -> None:
    result = measure(draw(BLUE_CAR, TOWER), UNKNOWN)
    assert (result["dice_coherent"], result["dice_clip_t"]) == (None, None)


def test_what_they_are() -> None:
    specs = {metric.spec.name: metric.spec for metric in METRICS if metric.spec.name in NAMES}
    assert {name: spec.range for name, spec in specs.items()} == {
        "dice_coherent": (0.0, 1.0), "dice_clip_i": (-1.0, 1.0), "dice_clip_t": (-1.0, 1.0),
    }  # fmt: skip
    assert all(spec.higher_is_better and spec.reads_intent for spec in specs.values())
