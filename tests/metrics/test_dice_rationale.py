"""Rationales: one sentence of each difference, and none that says what was not measured."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest

from editjudge.metrics.dice.coherence.fit import PartView, RegionFit
from editjudge.metrics.dice.coherence.rationale import describe, justify
from editjudge.metrics.dice.difference import CHANGES, Change
from editjudge.types import EDIT_TYPES, EditIntent, EditType
from support.changed_regions import FITTING
from support.groundings import BOTH, HERE, NOWHERE, grounding, region_at

SENTENCE = re.compile(r"[A-Z][^.!?\n{}]*[^\s.,;]\.")
VERDICTS = {True: "Asked for: ", False: "Not asked for: ", None: "Whether it was asked for cannot be told: "}
UNLIKE = RegionFit(**{field.name: -1.0 for field in fields(RegionFit)})
"""The contrary of what was asked for in every way."""
PLACE = re.compile(r"lies|stand|another size than|did not get|look(s)? as the words")
"""Words of what is known only where objects were located."""


def intent_of(edit_type: EditType) -> EditIntent:
    match edit_type:
        case "add":
            return EditIntent("add", None, "blue box", anchor="car", position="right")
        case "remove":
            return EditIntent("remove", "tower", None)
        case "size":
            return EditIntent("size", "car", "car", size="larger")
        case "move":
            return EditIntent("move", "car", "car", position="left")
        case "style":
            return EditIntent("style", "all", "night")
        case _:
            return EditIntent(edit_type, "red car", "blue car")


INTENTS = (*map(intent_of, EDIT_TYPES), EditIntent("other", "all", "blue"), EditIntent("color", "all", "all"))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("intent", INTENTS, ids=lambda intent: f"{intent.edit_type}-{intent.source}")
def test_one_sentence_each_that_begins_with_the_verdict(intent: EditIntent, change: Change) -> None:
    for where in (None, BOTH, grounding(NOWHERE, region_at(HERE)), grounding(None, None)):
        for fit in (RegionFit(), FITTING, UNLIKE, replace(FITTING, inside=0.3, found=0.0)):
            for coherent, verdict in VERDICTS.items():
                sentence = justify(change, PartView(intent, where), fit, coherent)
                assert SENTENCE.fullmatch(sentence), sentence
                assert sentence.startswith(verdict)
                assert "None" not in sentence
                assert '"all"' not in sentence


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("intent", INTENTS, ids=lambda intent: f"{intent.edit_type}-{intent.source}")
def test_nothing_is_said_of_places_where_nothing_was_located(intent: EditIntent, change: Change) -> None:
    sentence = justify(change, PartView(intent), RegionFit(kind=1.0, strength=1.0), None)
    assert not PLACE.search(sentence), sentence
    assert ("could not be judged" in sentence) != intent.is_global


@pytest.mark.parametrize("edit_type", EDIT_TYPES)
def test_nothing_is_said_of_colours_that_were_not_asked_for(edit_type: EditType) -> None:
    intent = replace(intent_of(edit_type), source=None if edit_type == "add" else "car", target="bus")
    assert " of it is " not in justify("EDIT", PartView(intent, BOTH), FITTING, True)


@pytest.mark.parametrize(
    ("change", "share", "is_move", "sentence"),
    [
        ("ADD", 0.126, False, "Something was added here, 13 % of the picture."),
        ("REMOVE", 0.5, True, "Something was taken away here, 50 % of the picture; it looks like one half of a move."),
        ("EDIT", 0.0004, False, "What is here looks otherwise, less than 1 % of the picture."),
        ("EDIT", 1.0, False, "What is here looks otherwise, 100 % of the picture."),
    ],
)
def test_what_happened_where_nothing_was_asked(change: Change, share: float, is_move: bool, sentence: str) -> None:
    assert describe(change, share, is_move=is_move, is_unread=False) == sentence
    unread = f"{sentence[:-1]}; what was asked for could not be told."
    assert describe(change, share, is_move=is_move, is_unread=True) == unread


def test_a_clearance_is_not_one_of_the_whole_picture() -> None:
    clearance = EditIntent("remove", "all", None, keep="tower")
    assert 'all but "tower" was to go' in justify("REMOVE", PartView(clearance, BOTH), FITTING, True)


COLOR, LARGER, MOVE = intent_of("color"), intent_of("size"), intent_of("move")


@pytest.mark.parametrize(
    ("intent", "fit", "words"),
    [
        (COLOR, FITTING, 'another colour was asked for; it lies where "blue car" was found; 100 % more of it is blue'),
        (COLOR, replace(FITTING, inside=0.3), 'it lies partly beside "blue car"'),
        (COLOR, replace(FITTING, inside=0.1), 'it lies away from "blue car"'),
        (COLOR, replace(FITTING, colour=-0.4), "40 % less of it is blue"),
        (COLOR, replace(FITTING, colour=0.1), "hardly more of it is blue"),
        (COLOR, replace(FITTING, look=0.1), "it does not look as the words say"),
        (COLOR, FITTING, "it looks as the words say"),
        (COLOR, replace(FITTING, size=-0.5), "it has another size than it should"),
        (LARGER, replace(FITTING, size=-0.5), "it did not get larger"),
        (MOVE, replace(FITTING, stand=-1.0), "what results does not stand where it should"),
        (intent_of("style"), FITTING, "the whole picture was to change; it looks as the words say"),
    ],
)
def test_each_measure_has_its_words(intent: EditIntent, fit: RegionFit, words: str) -> None:
    assert words in justify("EDIT", PartView(intent, BOTH), fit, True)


def test_what_was_not_found_is_named() -> None:
    unfound = replace(FITTING, found=0.0)
    source = PartView(COLOR, grounding(NOWHERE, region_at(HERE)))
    target = PartView(COLOR, grounding(region_at(HERE), NOWHERE))
    assert 'did not find "red car"' in justify("EDIT", source, unfound, None)
    assert 'did not find "blue car"' in justify("EDIT", target, unfound, None)
    assert 'did not find "tower"' in justify("REMOVE", PartView(intent_of("remove")), unfound, None)


def test_the_looks_of_what_was_named_are_not_said_of_what_lies_elsewhere() -> None:
    assert "words say" not in justify("ADD", PartView(COLOR, BOTH), replace(FITTING, inside=0.1), False)


def test_what_was_removed_where_something_was_to_be_added_has_the_name_of_that() -> None:
    unlike = replace(FITTING, inside=0.0)
    assert 'it lies away from "blue box"' in justify("REMOVE", PartView(intent_of("add"), BOTH), unlike, False)


def test_what_was_to_stay_is_named() -> None:
    spoilt = replace(FITTING, inside=0.0, kept=1.0)
    for intent in (replace(COLOR, keep="tower"), EditIntent("remove", "all", None, keep="tower")):
        sentence = justify("REMOVE", PartView(intent, BOTH), spoilt, False)
        assert 'it lies in "tower", which was to stay as it was' in sentence
        assert "whole picture" not in sentence
