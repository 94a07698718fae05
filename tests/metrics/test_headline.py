"""The sentence that a user reads first: what to do, or why nothing can be said, and never more than was seen."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from editjudge.metrics.bpm.explanation.explain import explain
from editjudge.metrics.bpm.explanation.headline import write_headline
from editjudge.metrics.bpm.score import EditScore, PartScore, Verdict
from editjudge.metrics.flags import FLAGS
from editjudge.types import EDIT_TYPES, EditIntent
from support.scores import UNSEEN, mask_of, part_of, score_of

COLOR = EditIntent("color", "hydrant", "blue hydrant")
REMOVE = EditIntent("remove", "cat", None)
CORNER = mask_of((0, 0, 20, 20))


def headline_of(*parts: PartScore, **fields: object) -> str:
    score = score_of(*parts, **fields)  # type: ignore[arg-type]
    return write_headline(replace(score, explanation=explain(score)))


def lost(intent: EditIntent, *flags: str) -> PartScore:
    """A part of which nothing was measured."""
    return part_of(intent, modify=None, preserve=None, position=None, size=None, flags=flags)


@pytest.mark.parametrize(
    ("decision", "word"),
    [("accept", "Accept"), ("reject", "Reject"), ("unsure", "Unsure"), ("not_judged", "Scored, but without a verdict")],
)
def test_it_begins_with_what_to_do(decision: str, word: str) -> None:
    probability = None if decision == "not_judged" else 0.5
    headline = headline_of(part_of(COLOR), verdict=Verdict(decision, probability))  # type: ignore[arg-type]
    assert headline == f"{word}: the hydrant turned blue; the rest of the picture is untouched."


@pytest.mark.parametrize(
    ("kind", "news"),
    [
        ("unchanged", "nothing was edited: the two pictures are the same"),
        ("noise", "nothing was edited: only noise was added"),
        ("other_picture", "the edited picture shares too little with the original to be an edit of it"),
    ],
)
def test_what_is_no_edit_is_rejected_whatever_was_measured(kind: str, news: str) -> None:
    for part, bpm in ((part_of(COLOR, modify=0.0), 0.2), (lost(COLOR, "source_not_found"), None)):
        assert headline_of(part, kind=kind, bpm=bpm) == f"Reject: {news}."


@pytest.mark.parametrize(
    ("part", "flags", "reason"),
    [
        (
            lost(COLOR),
            ("out_of_domain", "unknown_picture"),
            "the original looks like a photograph, or another kind of picture that bundle b does not know",
        ),
        (lost(COLOR), ("out_of_domain", "unknown_words"), "names things that bundle b has not learned"),
        (lost(COLOR, "source_not_found"), (), "bundle b did not find the hydrant in the original"),
        (lost(REMOVE, "source_not_found"), (), "bundle b did not find the cat in the original"),
        (part_of(COLOR, preserve=None, flags=("nothing_outside",)), (), "fill the whole picture"),
        (part_of(COLOR, modify=None, flags=("parse_uncertain",)), (), "no direction to judge the change by"),
    ],
)
def test_without_a_number_it_says_why_and_what_can_be_trusted(
    part: PartScore, flags: tuple[str, ...], reason: str
) -> None:
    headline = headline_of(part, bpm=None, flags=flags, changed=CORNER)
    assert headline.startswith("Not scored: ")
    assert reason in headline
    assert "what can be trusted is where it changed: 4 % of the picture, mostly top left" in headline
    command = "editjudge bundle build photo-lite, then --bundle photo-lite"
    assert (command in headline) == ("unknown_picture" in flags)


def test_an_accept_is_not_called_unclear() -> None:
    for decision, unclear in (("accept", False), ("unsure", True)):
        headline = headline_of(part_of(COLOR, modify=0.4), verdict=Verdict(decision, 0.5))  # type: ignore[arg-type]
        assert (", though not clearly" in headline) == unclear


def test_an_anchor_that_was_not_found_is_named() -> None:
    add = EditIntent("add", None, "apple", anchor="sofa", position="right")
    headline = headline_of(part_of(add, position=None, flags=("anchor_not_found",)), bpm=None, changed=CORNER)
    assert "bundle b did not find the sofa, which the place refers to" in headline


def test_of_a_compound_the_source_that_was_lost_is_named() -> None:
    headline = headline_of(part_of(COLOR), lost(REMOVE, "source_not_found"), bpm=None, changed=CORNER)
    assert "did not find the cat in the original" in headline


@pytest.mark.parametrize("edit_type", EDIT_TYPES)
@pytest.mark.parametrize("flag", FLAGS)
def test_it_is_one_sentence_and_says_of_nothing_that_it_is_not_there(edit_type: str, flag: str) -> None:
    pairs = {"add": (None, "dog"), "remove": ("cat", None), "style": ("all", "night")}
    intent = EditIntent(edit_type, *pairs.get(edit_type, ("cat", "cat")))  # type: ignore[arg-type]
    for part, bpm in ((part_of(intent, flags=(flag,)), 1.0), (lost(intent, flag), None)):
        headline = headline_of(part, bpm=bpm, changed=CORNER)
        assert re.fullmatch(r"[A-Z][^\n]*[^\s.]\.", headline)
        assert ". " not in headline
        assert not any(wrong in headline for wrong in ("  ", " ,", " ;", "None"))
        assert not UNSEEN.search(headline)


def test_it_is_written_for_every_score() -> None:
    score: EditScore = score_of(part_of(COLOR))
    assert write_headline(replace(score, explanation=explain(score))).endswith(".")
