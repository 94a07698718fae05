"""Lists of differences as a scorer hands them out, in the toy world, where what changed can be told by hand."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import cv2
import numpy as np
import pytest

from editjudge import EditIntent, InstructionError
from editjudge.metrics.dice.coherence.rationale import describe
from editjudge.metrics.dice.difference import Difference, PictureDifferences, find_worst
from editjudge.metrics.dice.regions.detect import MOST
from editjudge.parser.calibration import UNSURE
from editjudge.parser.result import NOT_ENGLISH, UNKNOWN, ParseResult, Request
from editjudge.types import Image
from support import toy_world
from support.toy_world import ADD, COLOR, COLOURS, GREY, MOVE, REMOVE, STYLE, draw

CAR, BLUE_CAR, TOWER, BOX = (
    ("red", "car", 60, 60), ("blue", "car", 60, 60), ("green", "tower", 150, 140), ("blue", "box", 150, 60)
)  # fmt: skip
ORIGINAL = draw(CAR, TOWER)
CAR_BOX, TOWER_BOX, BOX_BOX = (30, 45, 90, 75), (135, 110, 165, 170), (130, 40, 170, 80)
BOTH = ParseResult((COLOR, REMOVE), (UNSURE, UNSURE), confident=True)
"""Make the car blue, and remove the tower."""


def find(edited: Image, request: Request | None = None, original: Image = ORIGINAL) -> PictureDifferences:
    return toy_world.scorer().differences(original, edited, request)


def spots(count: int) -> Image:
    """uint8[512, 512, 3], grey, with as many red squares, one a little larger than the next."""
    picture = np.full((512, 512, 3), GREY, np.uint8)
    for index in range(count):
        x, y = 60 + 60 * (index % 7), 60 + 60 * (index // 7)
        picture[y : y + 16 + index // 7, x : x + 16 + index % 7] = 220, 20, 20
    return picture


def test_the_json_has_what_others_rely_on() -> None:
    found = find(draw(BLUE_CAR), BOTH)
    report = json.loads(json.dumps(found.to_dict()))
    assert {"kind", "alignment", "changed_share", "differences", "bundle", "version"} <= report.keys()
    assert report["kind"] == "edit"
    assert set(report["alignment"]) == {"shift", "scale", "gain", "offset"}
    keys = {"change", "element", "box", "share", "confidence", "coherent", "coherence", "rationale"}
    assert all(keys <= difference.keys() for difference in report["differences"])
    assert report["differences"] == [one.to_dict() for one in found.differences]
    assert {*report} == {field.name for field in fields(PictureDifferences)} - {"evidence"} | {"worst"}
    assert find(ORIGINAL).to_dict()["differences"] == []


def test_where_and_of_what_kind() -> None:
    found = find(draw(BLUE_CAR, BOX))
    listed = {one.change: one.box for one in found.differences}
    assert set(listed) == {"EDIT", "REMOVE", "ADD"}
    for change, box in (("EDIT", CAR_BOX), ("REMOVE", TOWER_BOX), ("ADD", BOX_BOX)):
        np.testing.assert_allclose(listed[change], box, atol=2)
    assert {one.element for one in found.differences} == {None}
    assert found.element_reason == "bundle toy world has no names of objects"
    assert found.detector == "pixels"
    energies = [one.energy for one in found.differences]
    assert energies[0] == 1.0
    assert energies == sorted(energies, reverse=True)


@pytest.mark.parametrize("request_", [None, UNKNOWN, NOT_ENGLISH], ids=["none", "nothing", "another language"])
def test_where_nothing_was_asked_nothing_is_judged(request_: Request | None) -> None:
    found = find(draw(BLUE_CAR), request_)
    assert len(found.differences) == 2
    for one in found.differences:
        assert (one.coherent, one.coherence) == (None, None)
        assert one.rationale == describe(one.change, one.share, is_move=False, is_unread=request_ is not None)
    assert (found.unasked_share, found.worst) == (None, None)


@pytest.mark.parametrize(
    ("request_", "flag"), [(NOT_ENGLISH, "not_english"), (UNKNOWN, "parse_uncertain"), (COLOR, None), (None, None)]
)
def test_why_an_instruction_was_not_read_is_told(request_: Request | None, flag: str | None) -> None:
    found = find(draw(BLUE_CAR), request_)
    assert (flag in found.flags) == (flag is not None)
    assert flag is not None or found.flags == ()


def test_what_the_bundle_does_not_know_is_told() -> None:
    found = find(draw(TOWER), EditIntent("remove", "dog", None))
    assert {"out_of_domain", "unknown_words"} <= set(found.flags)
    assert all("the place could not be judged" in one.rationale for one in found.differences)


def test_what_was_to_stay_was_not_asked_for() -> None:
    found = find(draw(BLUE_CAR, ("blue", "tower", 150, 140)), replace(COLOR, keep="tower"))
    judged = {one.box[0] > 100: one for one in found.differences}
    assert (judged[False].coherent, judged[True].coherent) == (True, False)
    assert 'in "tower", which was to stay as it was' in judged[True].rationale


def test_an_intent_that_names_nothing_is_refused() -> None:
    with pytest.raises(InstructionError, match="names nothing"):
        find(draw(BLUE_CAR), EditIntent("other", None, None))


def test_what_was_asked_for_and_what_was_not() -> None:
    found = find(draw(BLUE_CAR), COLOR)
    by_change = {one.change: one for one in found.differences}
    assert by_change["EDIT"].coherent is True
    assert by_change["REMOVE"].coherent is False
    assert by_change["EDIT"].rationale.startswith("Asked for: ")
    assert by_change["REMOVE"].rationale.startswith("Not asked for: ")
    assert found.worst == found.differences.index(by_change["REMOVE"])
    both = by_change["EDIT"].energy + by_change["REMOVE"].energy
    assert found.unasked_share == pytest.approx(by_change["REMOVE"].energy / both)


def test_all_asked_for_and_nothing_changed() -> None:
    done = find(draw(BLUE_CAR, TOWER), COLOR)
    assert (done.unasked_share, done.worst) == (0.0, None)
    same = find(ORIGINAL, COLOR)
    assert (same.kind, same.differences, same.unasked_share, same.changed_share) == ("unchanged", (), None, 0.0)


def test_where_too_little_can_be_told_no_share_is_given() -> None:
    """Of what is blue it is known that it was asked for, of what is red with a blue stripe it is not."""
    intent = EditIntent("add", None, "blue dog")  # no model knows a dog here

    def squares(striped: int) -> Image:
        picture = np.full((512, 512, 3), GREY, np.uint8)
        picture[60:124, 60:124] = COLOURS["blue"]
        for index in range(striped):
            x = 60 + 70 * index
            picture[240:290, x : x + 50] = COLOURS["red"]
            picture[240:252, x : x + 50] = COLOURS["blue"]
        return picture

    for striped, share in ((1, 0.0), (5, None)):
        found = find(squares(striped), intent, np.full((512, 512, 3), GREY, np.uint8))
        assert [one.coherent for one in found.differences] == [True] + [None] * striped
        told = sum(one.energy for one in found.differences if one.coherent is not None)
        assert (2 * told > sum(one.energy for one in found.differences)) == (share is not None)
        assert (found.unasked_share, found.worst) == (share, None)


def test_of_a_compound_each_difference_is_judged_by_the_part_that_it_fits_best() -> None:
    found = find(draw(BLUE_CAR), BOTH)
    by_change = {one.change: one for one in found.differences}
    assert {one.coherent for one in found.differences} == {True}
    assert "another colour was asked for" in by_change["EDIT"].rationale
    assert "a removal was asked for" in by_change["REMOVE"].rationale
    assert found.unasked_share == 0.0


def test_of_a_global_edit_the_whole_picture_is_asked_for() -> None:
    for one in find(draw(("green", "car", 60, 60), ("red", "tower", 150, 140)), STYLE).differences:
        assert "the whole picture was to change" in one.rationale
        assert " lies " not in one.rationale


def test_both_halves_of_a_move_know_each_other() -> None:
    found = find(draw(("red", "car", 60, 160), TOWER), MOVE)
    assert sorted(one.change for one in found.differences) == ["ADD", "REMOVE"]
    assert [one.partner for one in found.differences] == [1, 0]
    first, second = found.differences
    assert (first.coherent, first.coherence) == (second.coherent, second.coherence)
    assert [one.partner for one in find(draw(BLUE_CAR), COLOR).differences] == [None, None]
    alone = find(draw(("red", "car", 60, 160), TOWER))
    assert all("one half of a move" in one.rationale for one in alone.differences)


def test_weaker_ones_than_the_strongest_are_counted() -> None:
    found = find(spots(40), ADD, spots(0))
    assert (len(found.differences), found.left_out) == (MOST, 40 - MOST)
    assert find(spots(3), ADD, spots(0)).left_out == 0


def test_labels_are_those_of_the_differences() -> None:
    found = find(draw(BLUE_CAR, BOX), COLOR)
    labels = found.evidence.labels
    assert set(np.unique(labels)) == {0, 1, 2, 3}
    scale = ORIGINAL.shape[0] / labels.shape[0]
    for index, one in enumerate(found.differences, 1):
        mask = labels == index
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert one.share == pytest.approx(mask.mean())
        tight = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) * scale
        np.testing.assert_allclose(one.box, tight, atol=1e-6)
    assert found.evidence.original.shape == found.evidence.edited.shape == ORIGINAL.shape


@pytest.mark.parametrize("factor", [2, 5])
def test_boxes_are_in_pixels_of_the_original(factor: int) -> None:
    large = cv2.resize(ORIGINAL, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    found = find(draw(BLUE_CAR, TOWER), COLOR, large)  # the edited one came back small
    (one,) = found.differences
    np.testing.assert_allclose(one.box, np.array(CAR_BOX) * factor, atol=3 * factor)


def test_boxes_count_the_border_of_the_original() -> None:
    framed, edited = (
        cv2.copyMakeBorder(picture, 20, 20, 30, 30, cv2.BORDER_CONSTANT, value=(0, 0, 0))
        for picture in (ORIGINAL, draw(BLUE_CAR, TOWER))
    )
    (one,) = find(edited, COLOR, framed).differences
    np.testing.assert_allclose(one.box, np.add(CAR_BOX, [30, 20, 30, 20]), atol=2)


def test_the_worst_is_the_strongest_that_was_not_asked_for() -> None:
    def told(coherent: bool | None) -> Difference:
        return Difference("EDIT", None, (0.0, 0.0, 1.0, 1.0), 0.1, 0.9, coherent, None, "It changed.")

    assert find_worst([told(True), told(None), told(False), told(False)]) == 2
    assert find_worst([told(True), told(None)]) is None
    assert find_worst([]) is None
