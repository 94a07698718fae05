"""The clause of an explanation that names the strongest change that was not asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from editjudge import Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import load_demo
from editjudge.metrics.bpm.explanation.explain import explain
from editjudge.metrics.bpm.explanation.unasked import describe_unasked, name_difference
from editjudge.metrics.bpm.score import EditScore
from editjudge.metrics.dice.difference import Change, Corners, Difference
from editjudge.types import CHANGE_KINDS, EditIntent
from support.explained import COLOR
from support.scores import SIDE, part_of, score_of

UNASKED = Difference("REMOVE", "dog", (0.0, 0.0, 20.0, 20.0), 0.04, 0.9, False, 0.1, "Gone.")
INTENTS = {
    "add": EditIntent("add", None, "cat", anchor="sofa", position="right"),
    "color": EditIntent("color", "car", "blue car"),
}


def with_differences(*differences: Difference) -> EditScore:
    """The score of a picture of SIDE x SIDE pixels."""
    return replace(score_of(part_of(COLOR)), differences=differences)


@pytest.fixture(scope="module")
def scorer(studio: Bundle) -> Scorer:
    return Scorer.load(studio.folder, "cpu", 1)


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("add", "Not asked for: a squirrel was removed, at the top centre."),
        ("color", "Not asked for: a telescope was added, at the middle right."),
    ],
)
def test_damage_is_named_and_what_was_asked_is_not(scorer: Scorer, name: str, clause: str) -> None:
    (chosen,) = (one for one in load_demo() if one.id == name)
    files = {candidate.label: candidate.file for candidate in chosen.candidates}
    done = scorer.score(chosen.original, files["well done"], INTENTS[name])
    damaged = scorer.score(chosen.original, files["well done, with damage elsewhere"], INTENTS[name])
    assert clause in damaged.explanation
    assert "ot asked for" not in done.explanation


@pytest.mark.parametrize(
    ("change", "element", "words"),
    [
        ("ADD", None, "something was added"),
        ("REMOVE", None, "something was removed"),
        ("EDIT", None, "something looks otherwise"),
        ("ADD", "apple", "an apple was added"),
        ("REMOVE", "cherries", "some cherries were removed"),
        ("EDIT", "car", "the car looks otherwise"),
        ("EDIT", "cherries", "the cherries look otherwise"),
    ],
)
def test_what_happened_in_words(change: Change, element: str | None, words: str) -> None:
    assert name_difference(replace(UNASKED, change=change, element=element)) == words


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ((0, 0, 20, 20), "at the top left"), ((40, 0, 60, 20), "at the top centre"),
        ((80, 0, 100, 20), "at the top right"), ((0, 40, 20, 60), "at the middle left"),
        ((40, 40, 60, 60), "in the centre"), ((80, 40, 100, 60), "at the middle right"),
        ((0, 80, 20, 100), "at the bottom left"), ((0, 0, SIDE, SIDE), "in the centre"),
        ((SIDE, SIDE, SIDE, SIDE), "at the bottom right"),
    ],
)  # fmt: skip
def test_where_it_is(box: Corners, place: str) -> None:
    clause = f"not asked for: a dog was removed, {place}"
    assert list(describe_unasked(with_differences(replace(UNASKED, box=box)))) == [clause]


def test_the_strongest_is_named_and_the_others_counted() -> None:
    asked, untold = replace(UNASKED, coherent=True), replace(UNASKED, coherent=None)
    cat = replace(UNASKED, element="cat")
    (clause,) = describe_unasked(with_differences(asked, untold, UNASKED, cat))
    assert clause == "not asked for: a dog was removed, at the top left, and 1 more change"
    (clause,) = describe_unasked(with_differences(UNASKED, cat, cat))
    assert clause.endswith("and 2 more changes")


def test_nothing_is_said_where_there_is_nothing_worth_it() -> None:
    small = replace(UNASKED, share=0.0009)
    for differences in ((), (replace(UNASKED, coherent=True),), (replace(UNASKED, coherent=None),), (small,)):
        assert list(describe_unasked(with_differences(*differences))) == []
    told = with_differences(UNASKED)
    for kind in CHANGE_KINDS:
        assert len(list(describe_unasked(replace(told, kind=kind)))) == (kind == "edit")


def test_it_is_a_sentence_of_the_explanation() -> None:
    assert " Not asked for: a dog was removed, at the top left." in explain(with_differences(UNASKED))
