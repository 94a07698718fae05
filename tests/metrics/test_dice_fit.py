"""How a region fits what was asked for, by hand: boxes, colours and features of which the answer can be worked out."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from editjudge.metrics.dice.coherence.fit import KINDS, PartView, RegionFit, measure_fit
from editjudge.metrics.dice.coherence.looks import RegionLooks, Vocabulary
from editjudge.metrics.dice.difference import CHANGES
from editjudge.metrics.grounding import Grounding
from editjudge.types import EDIT_TYPES, EditIntent, Image
from support.changed_regions import Box, found_of, region_of
from support.groundings import HERE, MOVES, NOWHERE, SIDE, detections_at, features, grounding, move, region_at

COLOR = EditIntent("color", "red car", "blue car")
ADD = EditIntent("add", None, "blue box", anchor="car", position="right")
REMOVE = EditIntent("remove", "tower", None)
RED, BLUE = (220, 20, 20), (20, 20, 220)
LARGER, SMALLER = (EditIntent("size", "car", "car", size=size) for size in ("larger", "smaller"))
THIRD = (30, 40, 50, 60)
"""A box that half of HERE lies in, and that shares a third of all with it."""


def fit_of(change: str, box: Box, intent: EditIntent, where: Grounding | None = None, **seen: object) -> RegionFit:
    """That of a single region."""
    found = found_of(region_of(change, box))  # type: ignore[arg-type]
    return measure_fit(found, 0, PartView(intent, where, **seen), None)  # type: ignore[arg-type]


def painted(colour: tuple[int, int, int]) -> Image:
    """uint8[SIDE, SIDE, 3], black but for HERE."""
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    x0, y0, x1, y1 = HERE
    picture[y0:y1, x0:x1] = colour
    return picture


def test_where_nothing_was_located_kind_colour_and_strength_are_all_that_is_known() -> None:
    found = found_of(
        region_of("EDIT", HERE, 400), region_of("ADD", MOVES["up"], 100), original=painted(RED), edited=painted(BLUE)
    )
    known = {"kind": 1.0, "colour": 1.0, "strength": 1.0}
    fit = measure_fit(found, 0, PartView(COLOR), None)
    assert {field.name: getattr(fit, field.name) for field in fields(fit)} == {
        field.name: pytest.approx(known.get(field.name, 0.0)) for field in fields(RegionFit)
    }
    weaker = measure_fit(found, 1, PartView(COLOR), None)
    assert (weaker.kind, weaker.strength) == (pytest.approx(0.1), 0.25)


@pytest.mark.parametrize("edit_type", EDIT_TYPES)
def test_kinds_count_by_how_likely_they_are(edit_type: str) -> None:
    region = replace(region_of("ADD", HERE), kinds=np.array([0.5, 0.25, 0.25], np.float32))
    added, removed, edited = KINDS[edit_type]  # type: ignore[index]
    fit = measure_fit(found_of(region), 0, PartView(EditIntent(edit_type, "car", "bus")), None)  # type: ignore[arg-type]
    assert fit.kind == pytest.approx(0.5 * added + 0.25 * removed + 0.25 * edited)


def test_the_kind_that_was_asked_for_fits_best() -> None:
    best = {edit_type: {CHANGES[i] for i in range(3) if KINDS[edit_type][i] == 1.0} for edit_type in EDIT_TYPES}
    assert best.pop("add") == {"ADD"}
    assert best.pop("remove") == {"REMOVE"}
    assert best.pop("move") == {"ADD", "REMOVE"}
    assert all(changes == {"EDIT"} for changes in best.values())


def test_the_share_inside_and_the_share_covered() -> None:
    where = grounding(region_at(THIRD), region_at(THIRD))
    fit = fit_of("EDIT", HERE, COLOR, where)
    assert (fit.inside, fit.cover) == (pytest.approx(1 / 2), pytest.approx(1 / 3))
    away = fit_of("EDIT", MOVES["down"], COLOR, where)
    assert (away.inside, away.cover) == (0.0, 0.0)
    either = grounding(region_at(MOVES["up"]), region_at(HERE))  # source or target: whichever it lies in
    assert (fit_of("EDIT", HERE, COLOR, either).inside, fit.found) == (1.0, 1.0)


def test_of_a_move_each_half_is_expected_on_its_own_side() -> None:
    where = grounding(region_at(HERE), region_at(MOVES["right"]))
    assert fit_of("REMOVE", HERE, move("right"), where).inside == 1.0
    assert fit_of("ADD", MOVES["right"], move("right"), where).inside == 1.0
    assert fit_of("REMOVE", MOVES["right"], move("right"), where).inside == 0.0
    assert fit_of("ADD", HERE, move("right"), where).inside == 0.0


def test_what_was_not_found_is_told() -> None:
    fit = fit_of("EDIT", HERE, COLOR, grounding(NOWHERE, region_at(HERE)))
    assert (fit.found, fit.inside, fit.size) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("position", list(MOVES))
def test_what_was_added_stands_beside_its_anchor(position: str) -> None:
    add, anchor = replace(ADD, position=position), detections_at(HERE)
    target = region_at(MOVES[position])
    for other, box in MOVES.items():  # where the region itself is counts, not where the detector saw the target
        fit = fit_of("ADD", box, add, grounding(None, target, anchor))
        assert fit.stand == (1.0 if other == position else -1.0)
    assert fit_of("ADD", MOVES[position], add, grounding(None, target, detections_at())).stand == 0.0
    assert fit_of("ADD", MOVES[position], add, grounding(None, target)).stand == 0.0
    assert fit_of("ADD", MOVES[position], replace(add, position="unchanged"), grounding(None, target)).stand == 0.0


def test_a_move_is_judged_by_its_own_halves() -> None:
    found = found_of(region_of("REMOVE", HERE), region_of("ADD", MOVES["right"]), partners={0: 1, 1: 0})
    wrong = grounding(region_at(MOVES["right"]), region_at(MOVES["left"]))  # what the detector says
    for index in (0, 1):
        for position, stands in (("right", 1.0), ("left", -1.0)):
            fit = measure_fit(found, index, PartView(move(position), wrong), None)
            assert (fit.stand, fit.moved) == (stands, 1.0)
    alone = fit_of("ADD", MOVES["right"], move("right"), wrong)
    assert (alone.stand, alone.moved) == (-1.0, 0.0)  # it has no other half, so that the detector is asked


@pytest.mark.parametrize(
    ("after", "stand"), [(HERE, 1.0), ((20, 40, 40, 50), 1.0), (THIRD, 1 / 3), ((70, 0, 90, 9), -1)]
)
def test_what_is_to_stay_where_it_is_does(after: Box, stand: float) -> None:
    assert fit_of("EDIT", HERE, COLOR, grounding(region_at(HERE), region_at(after))).stand == pytest.approx(stand)


@pytest.mark.parametrize(
    ("intent", "after", "size"),
    [
        (LARGER, (20, 40, 40, 64), 1.0),  # 1.2 times as large
        (LARGER, (20, 40, 40, 80), 1.0),
        (LARGER, HERE, 0.0),
        (LARGER, (20, 40, 40, 50), -1.0),
        (SMALLER, (20, 40, 40, 50), 1.0),
        (SMALLER, (20, 40, 40, 80), -1.0),
        (LARGER, (20, 40, 40, 62), math.log(1.1) / math.log(1.2)),
        (COLOR, HERE, 1.0),
        (COLOR, (20, 40, 40, 67), 0.0),  # 1.35 times as large
        (COLOR, (20, 40, 40, 80), -1.0),
    ],
)
def test_sizes(intent: EditIntent, after: Box, size: float) -> None:
    fit = fit_of("EDIT", HERE, intent, grounding(region_at(HERE), region_at(after)))
    assert fit.size == pytest.approx(size, abs=1e-6)


def test_colours_before_and_after() -> None:
    red, blue = painted(RED), painted(BLUE)

    def colour(original: Image, edited: Image, intent: EditIntent) -> float:
        found = found_of(region_of("EDIT", HERE), original=original, edited=edited)
        return measure_fit(found, 0, PartView(intent), None).colour

    assert colour(red, blue, COLOR) == 1.0
    assert colour(blue, red, COLOR) == -1.0
    assert colour(blue, blue, COLOR) == 0.0
    assert colour(blue, blue, ADD) == 1.0  # of what is new only how it looks now counts
    assert colour(red, red, ADD) == 0.0
    assert colour(red, blue, EditIntent("color", "car", "striped car")) == 0.0
    half = blue.copy()
    half[HERE[1] : HERE[1] + 10] = red[HERE[1] : HERE[1] + 10]
    assert colour(red, half, COLOR) == pytest.approx(0.5)


def test_looks_go_the_way_of_the_words_or_against_it() -> None:
    where = grounding(region_at(HERE), region_at(HERE))
    known = {"source": (1, 0), "target": (0, 1)}
    turned = features(original_crop=(1, 0), edited_crop=(0, 1), **known)
    against = features(original_crop=(0, 1), edited_crop=(1, 0), **known)
    assert fit_of("EDIT", HERE, COLOR, where, features=turned).look == pytest.approx(1.0)
    assert fit_of("EDIT", HERE, COLOR, where, features=against).look == pytest.approx(-1.0)
    assert fit_of("EDIT", HERE, LARGER, where, features=turned).look == 0.0  # larger is no other look
    assert fit_of("EDIT", HERE, COLOR, where, features=features(**known)).look == 0.0
    style = EditIntent("style", "all", "night")
    pictures = features(original_picture=(1, 0), edited_picture=(1, 1), target=(0, 1))
    assert fit_of("EDIT", HERE, style, grounding(None, None), features=pictures).look == pytest.approx(1.0)
    assert fit_of("EDIT", HERE, style, grounding(None, None), features=features(target=(0, 1))).look == 0.0


def test_names_of_what_results_and_of_what_was_there() -> None:
    vocabulary = Vocabulary(("red car", "blue car"), np.eye(2, dtype=np.float32), math.log(3))  # 3 to 1 at best
    where = grounding(region_at(HERE), region_at(HERE))
    red, blue = np.eye(2, dtype=np.float32)

    def names(change: str, intent: EditIntent, look: RegionLooks) -> tuple[float, float]:
        found = found_of(region_of(change, HERE))  # type: ignore[arg-type]
        fit = measure_fit(found, 0, PartView(intent, where, {}, vocabulary), look)
        return fit.named, fit.was

    half = pytest.approx(0.5)
    assert names("EDIT", COLOR, RegionLooks(red, blue)) == (half, half)
    assert names("EDIT", COLOR, RegionLooks(blue, red)) == (pytest.approx(-0.5), pytest.approx(-0.5))
    assert names("REMOVE", EditIntent("remove", "red car", None), RegionLooks(red, None)) == (half, 0.0)
    assert names("ADD", EditIntent("add", None, "blue car"), RegionLooks(None, blue)) == (half, 0.0)
    assert names("EDIT", EditIntent("style", "all", "night"), RegionLooks(red, blue)) == (0.0, 0.0)
