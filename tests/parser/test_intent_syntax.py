"""The line that says what is to be edited: what is read from it, and what it cannot say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editjudge.parser.intent_syntax import FOREIGN, KEEPING, KINDS, MARKS, PLACES, Intents, format_line, parse_line
from editjudge.types import EDIT_TYPES, EditIntent

WORD = st.sampled_from(["cat", "red", "to", "left", "add", "man's", "über", "3"])
PHRASE = st.lists(WORD, min_size=1, max_size=4).map(" ".join)
PLACE = st.tuples(st.none() | PHRASE, st.sampled_from(PLACES)) | st.just((None, "unchanged"))


@st.composite
def edit_intents(draw: st.DrawFn) -> EditIntent:
    kind, one, two, (anchor, position) = draw(st.tuples(st.sampled_from(EDIT_TYPES), PHRASE, PHRASE, PLACE))
    made = {
        "add": EditIntent("add", None, one, anchor, position=position),
        "move": EditIntent("move", one, one, anchor, position=position),
        "remove": EditIntent("remove", one, None),
        "size": EditIntent("size", one, one, size=draw(st.sampled_from(["larger", "smaller"]))),
        "action": EditIntent("action", one, f"{one} {two}"),
        "style": EditIntent("style", "all", one),
        "other": EditIntent("other", "all", None),
    }
    intent = made.get(kind) or EditIntent(kind, draw(st.sampled_from([one, "all"])), two)
    return replace(intent, keep=draw(st.none() | PHRASE)) if kind in KEEPING else intent


@given(st.lists(edit_intents(), min_size=1, max_size=3).map(tuple))
def test_a_line_says_what_was_written(intents: Intents) -> None:
    assert parse_line(format_line(intents)) == intents


@given(st.lists(st.sampled_from([*KINDS, *PLACES, *MARKS, "cat", "", "unchanged"]), max_size=7).map(" ".join))
def test_what_can_be_read_is_written_so(line: str) -> None:
    try:
        intents = parse_line(line)
    except ValueError:
        return
    assert format_line(intents) == line


def test_what_is_kept_stands_after_a_dash() -> None:
    assert parse_line("remove all - bride") == (EditIntent("remove", "all", None, keep="bride"),)
    assert format_line([EditIntent("color", "car", "red car", keep="wheels")]) == "color car > red car - wheels"


def test_another_language_is_no_edit() -> None:
    assert parse_line(FOREIGN) == (EditIntent("other", "all", None),)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "no kind"), ("paint car", "no kind"), ("other cat", "no kind"), ("remove", "lacks a phrase"),
        ("remove  cat", "a space too many"), ("color car", "lacks a phrase"), ("replace cat > ", "lacks a phrase"),
        ("add cat @ beside sofa", "no position"), ("add cat @ unchanged", "no position"),
        ("add cat @ left ", "a space"),
        ("remove cat - ", "lacks a phrase"), ("add cat - dog", "spares something"), ("other - cat", "spares something"),
        ("foreign cat", "no kind"), ("remove cat - dog - man", "a mark"),
        ("remove cat > dog", "a mark"), ("remove cat + ", "no kind"), ("action cat", "lacks a phrase"),
    ],
)  # fmt: skip
def test_what_is_no_line(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_line(line)


@pytest.mark.parametrize(
    "intent",
    [
        EditIntent("add", None, "cat", "sofa"),
        EditIntent("move", "cat", "dog", position="left"),
        EditIntent("size", "cat", "cat"),
        EditIntent("replace", "cat", None),
        EditIntent("color", "c + d", "red"),
        EditIntent("style", "cat", "sketch"),
    ],
)
def test_what_no_line_can_say(intent: EditIntent) -> None:
    with pytest.raises(ValueError, match="no line says"):
        format_line([intent])
