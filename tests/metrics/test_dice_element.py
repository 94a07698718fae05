"""What changed, by name: on rendered scenes the right one, and on photographs none, with the reason."""

from __future__ import annotations

import math

import numpy as np
import pytest

from editjudge import Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import DemoInput, load_demo, load_photographs
from editjudge.metrics.dice.coherence.looks import RegionLooks, Vocabulary
from editjudge.metrics.dice.element import name_elements

PICTURE = np.full((64, 64, 3), 90, np.uint8)
SPOTTED = PICTURE.copy()
SPOTTED[20:40, 20:40] = 220, 30, 30
CAR, BLUE_CAR, DOG = np.eye(3, dtype=np.float32)
VOCABULARY = Vocabulary(("car", "blue car", "dog"), np.eye(3, dtype=np.float32), math.log(2))
"""A feature that is one of these has 2 to 1 to 1."""


@pytest.fixture(scope="module")
def scorer(studio: Bundle) -> Scorer:
    return Scorer.load(studio.folder, "cpu", 1)


def well_done(inputs: tuple[DemoInput, ...], name: str) -> tuple[DemoInput, str]:
    chosen = next(one for one in inputs if one.id == name)
    return chosen, next(str(one.file) for one in chosen.candidates if one.label == "well done")


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("add", {("ADD", "cat")}),
        ("remove", {("REMOVE", "umbrella")}),
        ("replace", {("EDIT", "lemon")}),
        ("color", {("EDIT", "car")}),
        ("move", {("REMOVE", "dog"), ("ADD", "dog")}),
    ],
)
def test_what_changed_in_a_rendered_scene(scorer: Scorer, name: str, named: set[tuple[str, str]]) -> None:
    chosen, edited = well_done(load_demo(), name)
    found = scorer.differences(chosen.original, edited)
    assert {(one.change, one.element) for one in found.differences} == named
    assert found.element_reason is None


def test_photographs_have_no_names_and_the_reason_is_told(scorer: Scorer) -> None:
    for name in ("color", "remove", "add"):
        chosen, edited = well_done(load_photographs(), name)
        found = scorer.differences(chosen.original, edited)
        assert found.differences
        assert {one.element for one in found.differences} == {None}
        assert found.element_reason is not None
        assert "does not know pictures like these" in found.element_reason


def test_a_bundle_without_names(toy: Bundle) -> None:
    found = Scorer.load(toy.folder, "cpu", 1).differences(PICTURE, SPOTTED)
    assert [one.element for one in found.differences] == [None]
    assert found.element_reason == "bundle toy has no names of objects"


def test_where_nothing_changed_no_name_is_missing(toy: Bundle) -> None:
    found = Scorer.load(toy.folder, "cpu", 1).differences(PICTURE, PICTURE)
    assert (found.differences, found.element_reason) == ((), None)


@pytest.mark.parametrize(("sure", "name"), [(0.5, "dog"), (0.51, None)])
def test_a_name_that_is_not_sure_enough_is_none(sure: float, name: str | None) -> None:
    assert name_elements([RegionLooks(None, DOG)], VOCABULARY, sure) == [name]


@pytest.mark.parametrize(("sure", "name"), [(0.74, "blue car"), (0.76, None)])
def test_names_of_the_same_thing_support_each_other(sure: float, name: str | None) -> None:
    assert name_elements([RegionLooks(None, BLUE_CAR)], VOCABULARY, sure) == [name]  # 2/4, and 1/4 for "car"


def test_of_what_is_gone_the_look_before_counts_and_else_the_one_after() -> None:
    looks = [RegionLooks(CAR, None), RegionLooks(CAR, DOG), RegionLooks(None, DOG)]
    assert name_elements(looks, VOCABULARY, 0.5) == ["car", "dog", "dog"]
