"""Modification and preservation against the formula worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from editjudge.metrics.bpm import semantic
from editjudge.metrics.bpm.released import ReleasedRules
from editjudge.metrics.bpm.subscore import SubScore
from editjudge.types import EditIntent
from support.groundings import BOTH, HERE, MOVES, NOWHERE, SIDE, features, grounding, move, region_at

RELEASED = ReleasedRules()


def test_modify_is_the_cosine_of_the_two_directions() -> None:
    # The crops go by (3, 4, 0), the texts by (1, 0, 0): cosine 3 / 5.
    embeddings = features(original_crop=(1, 1, 1), edited_crop=(4, 5, 1), source=(1, 2, 3), target=(2, 2, 3))
    assert semantic.modify(EditIntent("color", "thing", "blue thing"), BOTH, embeddings).value == pytest.approx(0.6)


def test_modify_of_an_add_and_of_a_remove_has_one_text() -> None:
    embeddings = features(original_crop=(0, 1), edited_crop=(3, 5), source=(0, 2), target=(1, 0))
    add = semantic.modify(EditIntent("add", None, "thing"), grounding(None, region_at(HERE)), embeddings)
    remove = semantic.modify(EditIntent("remove", "thing", None), grounding(region_at(HERE), None), embeddings)
    assert add.value == pytest.approx(0.6)
    assert remove.value == pytest.approx(-0.8)


def test_modify_of_the_same_crop_is_zero() -> None:
    embeddings = features(original_crop=(1, 2), edited_crop=(1, 2), source=(1, 0), target=(0, 1))
    assert semantic.modify(EditIntent("color", "thing", "blue thing"), BOTH, embeddings) == SubScore(0.0)


def test_modify_fades_out_below_the_noise_floor_but_not_as_released() -> None:
    # The change is 0.1 of the feature's norm, a third of the floor of 0.3, and points the right way.
    embeddings = features(original_crop=(1, 0), edited_crop=(1, 0.1), source=(0, 0), target=(0, 1))
    intent = EditIntent("color", "thing", "blue thing")
    assert semantic.modify(intent, BOTH, embeddings).value == pytest.approx(1 / 3, rel=1e-5)
    assert RELEASED.modify(intent, BOTH, embeddings).value == pytest.approx(1.0)


def test_modify_of_a_move_is_how_far_it_stayed_itself_while_it_moved() -> None:
    embeddings = features(original_crop=(3, 4), edited_crop=(4, 3), source=(1, 0), target=(1, 0))
    moved = grounding(region_at(HERE), region_at(MOVES["right"]))
    assert semantic.modify(move("right"), moved, embeddings).value == pytest.approx(24 / 25)
    assert semantic.modify(move("left"), moved, embeddings).value == 0.0
    assert RELEASED.modify(move("right"), moved, embeddings).value == 0.0


def test_modify_without_a_text_direction_cannot_be_measured() -> None:
    embeddings = features(original_crop=(3, 4), edited_crop=(4, 3), source=(1, 0), target=(1, 0))
    score = semantic.modify(EditIntent("color", "car", "car"), BOTH, embeddings)
    assert score == SubScore(None, "unmeasured", "parse_uncertain")


def test_modify_when_an_object_is_missing() -> None:
    embeddings = features(edited_picture=(3, 4), target=(1, 0), source=(0, 1))
    intent = EditIntent("color", "thing", "blue thing")
    lost, gone = grounding(NOWHERE, region_at(HERE)), grounding(region_at(HERE), NOWHERE)
    assert semantic.modify(intent, lost, embeddings) == SubScore(None, "unmeasured", "source_not_found")
    assert semantic.modify(intent, gone, embeddings) == SubScore(0.0, "measured", "target_not_found")
    remove, nothing = EditIntent("remove", "thing", None), grounding(NOWHERE, None)
    assert semantic.modify(remove, nothing, embeddings) == SubScore(None, "unmeasured", "source_not_found")
    # The released code compares the whole edited picture with the text instead: cosine 3 / 5.
    theirs = RELEASED.modify(intent, lost, embeddings)
    assert (theirs.value, theirs.basis, theirs.flag) == (pytest.approx(0.6), "fallback", "source_not_found")
    assert RELEASED.modify(intent, gone, embeddings) == SubScore(0.0, "fallback", "target_not_found")
    assert RELEASED.modify(remove, nothing, embeddings) == SubScore(0.0, "fallback", "source_not_found")


def test_what_points_away_from_the_words_is_contrary() -> None:
    color = EditIntent("color", "thing", "blue thing")
    for after, contrary in {(1, 0): True, (3, 0): False, (2, 1): False, (2, 0): False}.items():
        embeddings = features(original_crop=(2, 0), edited_crop=after, source=(0, 0), target=(1, 0))
        assert semantic.is_contrary(color, BOTH, embeddings) == contrary
    gone = grounding(region_at(HERE), NOWHERE)
    assert not semantic.is_contrary(color, gone, features(original_crop=(2, 0), source=(0, 0), target=(1, 0)))
    assert semantic.is_contrary(move("right"), grounding(region_at(HERE), region_at(MOVES["left"])), {})
    assert not semantic.is_contrary(EditIntent("style", "all", "night"), grounding(None, None), {})


def test_modify_of_a_global_edit() -> None:
    embeddings = features(original_picture=(1, 0), edited_picture=(1, 3), target=(4, 3))
    intent = EditIntent("style", "all", "night")
    assert semantic.modify(intent, grounding(None, None), embeddings).value == pytest.approx(0.6)
    assert RELEASED.modify(intent, grounding(None, None), embeddings).value == pytest.approx(13 / (math.sqrt(10) * 5))


def test_preserve_looks_outside_both_masks() -> None:
    change = np.zeros((SIDE, SIDE), np.float32)
    change[40:60, 20:40] = 1  # HERE
    change[:, 90:] = 0.5
    where = grounding(region_at(HERE), region_at(MOVES["down"]))
    outside = SIDE * SIDE - 400 - 400
    assert semantic.preserve(change, where).value == pytest.approx(1 - 0.5 * 1000 / outside)


def test_preserve_looks_outside_the_masks_of_all_parts() -> None:
    change = np.zeros((SIDE, SIDE), np.float32)
    change[40:60, 20:40] = 1  # HERE
    change[:, 90:] = 0.5
    other = np.zeros((SIDE, SIDE), bool)
    other[:, 90:] = True
    both = BOTH.union | other
    assert semantic.preserve(change, BOTH).value == pytest.approx(1 - 0.5 * 1000 / (SIDE * SIDE - 400))
    assert semantic.preserve(change, BOTH, both).value == 1.0


def test_preserve_looks_everywhere_when_the_result_is_missing() -> None:
    change = np.zeros((SIDE, SIDE), np.float32)
    change[40:60, 20:40] = 1
    gone, lost = grounding(region_at(HERE), NOWHERE), grounding(NOWHERE, region_at(HERE))
    assert semantic.preserve(change, gone) == SubScore(pytest.approx(0.96), "measured", "target_not_found")
    assert semantic.preserve(change, lost) == SubScore(None, "unmeasured", "source_not_found")
    for where in (gone, lost):
        assert RELEASED.preserve(change, where) == SubScore(pytest.approx(0.96), "fallback", where.missing)


def test_preserve_with_nothing_outside_was_not_measured() -> None:
    change = np.ones((SIDE, SIDE), np.float32)
    full = grounding(region_at((0, 0, SIDE, SIDE)), region_at(HERE))
    assert semantic.preserve(change, full) == SubScore(None, "unmeasured", "nothing_outside")
    assert RELEASED.preserve(change, full) == SubScore(1.0, "fallback", "nothing_outside")
