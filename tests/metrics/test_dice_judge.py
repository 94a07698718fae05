"""Whether a difference was asked for: by a network that is worked out by hand, and by the regression without one."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from editjudge.errors import BundleError
from editjudge.metrics.dice.coherence.fit import PartView, RegionFit
from editjudge.metrics.dice.coherence.judge import (
    ASKED,
    BIAS,
    COLOUR,
    KIND,
    STRENGTH,
    UNASKED,
    Coherence,
    CoherenceJudge,
    describe_fit,
    rate_unlocated,
)
from editjudge.metrics.dice.regions.detect import DetectedRegions
from editjudge.models.coherence_net import CoherenceNet
from editjudge.models.model_set import ModelSet
from editjudge.types import EDIT_TYPES, EditIntent
from support.changed_regions import FITTING, found_of, region_of
from support.groundings import HERE, MOVES, NOWHERE, SIDE, grounding, move, region_at

ADD, REMOVE = EditIntent("add", None, "box"), EditIntent("remove", "tower", None)
INPUTS = len(describe_fit(FITTING, PartView(ADD), np.zeros(3, np.float32)))
RED, BLUE = (220, 20, 20), (20, 20, 220)
Rgb = tuple[int, int, int]
ARRAYS = {
    "hidden": np.array([[1, -1], [2, 0], [0, 3]], np.float32),
    "hidden_bias": np.array([0, -1], np.float32),
    "output": np.array([1, 2], np.float32),
    "output_bias": np.array([-0.5], np.float32),
}


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def net_of(weights: dict[int, float], bias: float) -> CoherenceNet:
    """A network of one hidden unit, which is the sum of what it is told to look at."""
    hidden = np.zeros((INPUTS, 1), np.float32)
    for place, weight in weights.items():
        hidden[place] = weight
    return CoherenceNet(hidden, np.zeros(1, np.float32), np.ones(1, np.float32), np.array([bias], np.float32))


def judge(by: CoherenceJudge, found: DetectedRegions, *parts: PartView) -> list[Coherence]:
    """What is said of each region where something was asked for."""
    judged = [one for one in by.judge(found, parts, []) if one is not None]
    assert len(judged) == len(found.regions)
    return judged


def test_a_network_of_two_hidden_units_by_hand() -> None:
    net = CoherenceNet.from_arrays(ARRAYS)
    # max(1 * 1 + 1 * 2, 0) = 3 and max(-1 + 3 - 1, 0) = 1: 3 + 2 - 0.5
    assert net.rate(np.array([1, 1, 1], np.float32)) == pytest.approx(sigmoid(4.5))
    # max(-1, 0) = 0 and max(1 - 1, 0) = 0: the bias alone
    assert net.rate(np.array([-1, 0, 0], np.float32)) == pytest.approx(sigmoid(-0.5))
    assert net.rate(np.array([1e6, 0, 0], np.float32)) == pytest.approx(1.0)


@pytest.mark.parametrize("name", list(ARRAYS))
def test_an_array_that_is_missing_or_does_not_fit(name: str, tmp_path: Path) -> None:
    path = tmp_path / "coherence.npz"
    models = cast(ModelSet, SimpleNamespace(bundle=SimpleNamespace(file=lambda role: path)))
    np.savez(path, **ARRAYS)
    assert CoherenceNet.open(models).rate(np.ones(3, np.float32)) == pytest.approx(sigmoid(4.5))
    for arrays in (
        {other: array for other, array in ARRAYS.items() if other != name},
        {**ARRAYS, name: np.zeros((5, 4, 3), np.float32)},
        {**ARRAYS, name: np.zeros(0, np.float32)},
        {**ARRAYS, name: np.array("no number")},
    ):
        np.savez(path, **arrays)
        with pytest.raises(BundleError, match=r"coherence\.npz .*; fetch or build the bundle again$"):
            CoherenceNet.open(models)


@pytest.mark.parametrize("content", [b"", b"no arrays", b"PK\x03\x04"])
def test_a_file_that_is_none(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "coherence.npz"
    models = cast(ModelSet, SimpleNamespace(bundle=SimpleNamespace(file=lambda role: path)))
    for write in (lambda: path.write_bytes(content), path.unlink):
        write()
        with pytest.raises(BundleError, match=r"fetch or build the bundle again$"):
            CoherenceNet.open(models)


def test_features_that_the_network_was_not_trained_on() -> None:
    with pytest.raises(BundleError, match=r"^the network of coherence is for 3 numbers, and there are 4; build the b"):
        CoherenceNet.from_arrays(ARRAYS).rate(np.ones(4, np.float32))


def test_a_network_that_gives_no_number_is_refused() -> None:
    """Each weight is a number, and what they add up to is none: there is no end to it both ways."""
    huge = {**ARRAYS, "hidden": np.full((3, 2), 3e38, np.float32), "output": np.array([3e38, -3e38], np.float32)}
    with pytest.raises(BundleError, match=r"^the network of coherence gives no number; build the bundle again$"):
        CoherenceNet.from_arrays(huge).rate(np.ones(3, np.float32))


def test_what_the_network_looks_at() -> None:
    fit = RegionFit(*(float(place) for place in range(12)))
    part = PartView(EditIntent("style", "all", "night"))
    seen = describe_fit(replace(fit, kept=99.0), part, np.array([0.1, 0.2, 0.7], np.float32)).tolist()
    assert seen[:12] == list(range(12))
    assert seen[12:15] == pytest.approx([0.1, 0.2, 0.7])
    assert seen[15:-1] == [float(name == "style") for name in EDIT_TYPES]
    assert seen[-1] == 1.0
    assert describe_fit(fit, PartView(ADD), np.zeros(3, np.float32))[-1] == 0.0


@pytest.mark.parametrize(
    ("kind", "colour", "strength"),
    [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 0.0, 1.0), (0.1, 1.0, 0.5), (1.0, -1.0, 1.0)],
)
def test_the_regression_by_hand(kind: float, colour: float, strength: float) -> None:
    fit = RegionFit(kind=kind, colour=colour, strength=strength, inside=1.0, look=1.0)  # the latter two are not known
    assert rate_unlocated(fit) == pytest.approx(sigmoid(BIAS + KIND * kind + COLOUR * colour + STRENGTH * strength))


def test_without_places_it_is_told_only_by_what_decides_it() -> None:
    """That something was added where an addition was asked for does not: so does much damage."""
    regions = (region_of("ADD", HERE, 1000), region_of("ADD", MOVES["up"], 1), region_of("REMOVE", MOVES["down"], 1))
    strongest, weak, contrary = judge(CoherenceJudge(None), found_of(*regions), PartView(ADD))
    assert sigmoid(BIAS + KIND + STRENGTH) > ASKED
    assert (strongest.probability, strongest.coherent) == (ASKED, None)
    assert (weak.probability, weak.coherent) == (pytest.approx(sigmoid(BIAS + KIND + STRENGTH / 1000)), None)
    assert (contrary.probability <= UNASKED, contrary.coherent) == (True, False)


@pytest.mark.parametrize(
    ("colours", "coherent"), [((RED, BLUE), True), ((BLUE, RED), False), ((BLUE, BLUE), False), ((RED, RED), False)]
)
def test_without_places_a_colour_decides(colours: tuple[Rgb, Rgb], coherent: bool) -> None:
    original, edited = (np.full((SIDE, SIDE, 3), colour, np.uint8) for colour in colours)
    found = found_of(region_of("EDIT", HERE), original=original, edited=edited)
    (judged,) = judge(CoherenceJudge(None), found, PartView(EditIntent("color", "car", "blue car")))
    assert judged.coherent is coherent
    assert judged.probability >= ASKED if coherent else judged.probability <= UNASKED


def test_a_network_does_not_tell_what_was_not_located() -> None:
    found = found_of(region_of("ADD", HERE))
    sure = CoherenceJudge(net_of({}, 30.0), 0.5)
    unlocated, located = (
        judge(sure, found, PartView(ADD, where))[0] for where in (None, grounding(None, region_at(HERE)))
    )
    assert (unlocated.probability, unlocated.coherent) == (ASKED, None)
    assert (located.probability, located.coherent) == (pytest.approx(1.0), True)


@pytest.mark.parametrize(("sure", "coherent"), [(0.49, True), (0.51, False)])
def test_with_a_network_it_is_always_told(sure: float, coherent: bool) -> None:
    part = PartView(ADD, grounding(None, region_at(HERE)))
    (judged,) = judge(CoherenceJudge(net_of({}, 0.0), sure), found_of(region_of("ADD", HERE)), part)
    assert (judged.probability, judged.coherent) == (0.5, coherent)


def test_what_lies_in_what_was_to_stay_is_not_asked_for() -> None:
    """Whatever else speaks for it; but not what lies where something was asked for as well, as a hat on a head."""
    intent = EditIntent("remove", "hat", None, keep="man")
    found = found_of(region_of("REMOVE", HERE))
    kept = replace(grounding(region_at(MOVES["up"]), None), kept=region_at((10, 30, 50, 70)))
    for by in (CoherenceJudge(None), CoherenceJudge(net_of({}, 30.0))):
        (judged,) = judge(by, found, PartView(intent, kept))
        assert (judged.fit.kept, judged.probability, judged.coherent) == (1.0, 0.0, False)
        worn = replace(kept, original=region_at(HERE))
        (judged,) = judge(by, found, PartView(intent, worn))
        assert (judged.fit.kept, judged.coherent) == (0.0, True)
        elsewhere = replace(kept, original=region_at(HERE), kept=region_at(MOVES["down"]))
        assert judge(by, found, PartView(intent, elsewhere))[0].coherent is True


def test_without_a_network_the_place_decides() -> None:
    found = found_of(region_of("REMOVE", HERE))
    for where, coherent in (
        (region_at(HERE), True),
        (region_at((34, 40, 54, 60)), None),  # partly beside it
        (region_at(MOVES["down"]), False),
        (NOWHERE, None),
    ):
        (judged,) = judge(CoherenceJudge(None), found, PartView(REMOVE, grounding(where, None)))
        assert judged.coherent is coherent
    (added,) = judge(
        CoherenceJudge(None), found_of(region_of("ADD", HERE)), PartView(REMOVE, grounding(region_at(HERE), None))
    )
    assert added.coherent is False  # the contrary of what was asked for


def test_a_change_of_nearly_all_is_what_was_asked_of_all() -> None:
    large, small = region_of("EDIT", (0, 0, SIDE, SIDE / 2)), region_of("EDIT", (0, 0, SIDE, SIDE / 2 - 1))
    for where in (None, grounding(None, None)):
        style = PartView(EditIntent("style", "all", "night"), where)
        judged = [judge(CoherenceJudge(None), found_of(one), style)[0].coherent for one in (large, small)]
        assert judged == [True, None]


def test_both_halves_of_a_move_are_as_likely_as_the_less_likely_one() -> None:
    halves = region_of("REMOVE", HERE), region_of("ADD", MOVES["right"])
    part = PartView(move("right"), grounding(region_at(HERE), region_at(MOVES["up"])))
    inside = CoherenceJudge(net_of({1: 4.0}, -2.0), 0.5)  # 2 where it lies where it was asked for, -2 elsewhere
    paired = judge(inside, found_of(*halves, partners={0: 1, 1: 0}), part)
    single = judge(inside, found_of(*halves), part)
    assert [one.coherent for one in single] == [True, False]
    assert [one.probability for one in single] == [pytest.approx(sigmoid(2)), pytest.approx(sigmoid(-2))]
    assert [one.coherent for one in paired] == [False, False]
    assert [one.probability for one in paired] == [pytest.approx(sigmoid(-2))] * 2


def test_of_several_parts_the_one_that_fits_best_decides() -> None:
    found = found_of(region_of("ADD", HERE), region_of("REMOVE", MOVES["down"]))
    for parts in ([PartView(ADD), PartView(REMOVE)], [PartView(REMOVE), PartView(ADD)]):
        judged = judge(CoherenceJudge(None), found, *parts)
        assert [one.part.intent for one in judged] == [ADD, REMOVE]
        assert [one.probability for one in judged] == [ASKED, ASKED]


def test_where_nothing_was_asked_nothing_is_judged() -> None:
    found = found_of(region_of("ADD", HERE), region_of("EDIT", MOVES["up"]))
    for by in (CoherenceJudge(None), CoherenceJudge(net_of({}, 30.0))):
        assert by.judge(found, [], []) == [None, None]
        assert by.judge(replace(found, regions=()), [PartView(ADD)], []) == []
