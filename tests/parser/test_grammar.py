"""What may come next in a line: whatever is chosen, it is a line, made of the instruction's words, and it ends."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editjudge.parser.grammar import END, LONG_WORDS, PARTS, PHRASE_WORDS, PLUS, Grammar, State, strip_possessive
from editjudge.parser.intent_syntax import FOREIGN, KINDS, parse_line
from editjudge.parser.normalize import normalize
from editjudge.parser.token_mask import LINE_TOKENS, TokenMask
from editjudge.parser.words import Word
from editjudge.types import EditIntent
from parser.generate import pairs
from support.grammar_check import can_be_written

INSTRUCTION = ["paint", "the", "man's", "old", "red", "hat", "blue", "and", "remove", "the", "cup", "of", "tea"]


def spell(text: str) -> list[int]:
    """Tokens of three letters, so that words share their beginnings."""
    return [int.from_bytes(text[at : at + 3].encode("utf-32-le"), "little") for at in range(0, len(text), 3)]


def anything(instruction: list[str], random: Random) -> tuple[str, int]:
    """A line that is chosen by chance, and its tokens."""
    spelling, choices = TokenMask(Grammar([Word(word) for word in instruction]), spell), 0
    letters = ""
    while not spelling.is_done:
        token = random.choice(spelling.tokens)
        spelling.add(token)
        letters += token.to_bytes(12, "little").decode("utf-32-le").replace("\0", "")
        choices += 1
    assert letters.endswith((END, f" {PLUS}"))
    return letters.removesuffix(END).removeprefix(" "), choices


@pytest.mark.parametrize(
    "line",
    [
        "remove cup of tea",
        "color man's old red hat > man's old blue hat",
        "color hat > blue hat",
        "color man > blue",
        "color old red hat > old red blue hat",
        "color all > blue",
        "add old red hat @ left cup",
        "add hat @ left",
        "move hat @ near man",
        "larger hat + remove cup of tea + other",
        "action man > remove the cup of tea",
        "style blue",
        "other",
        "foreign",
        "remove all - man",
        "color old red hat > old blue hat - man",
        "style blue - cup of tea",
        "replace hat > cup - man + remove tea - cup",
        " + ".join(["other"] * PARTS),
        " + ".join(["other"] * PARTS) + " +",
    ],
)
def test_what_can_be_written(line: str) -> None:
    assert can_be_written(line, " ".join(INSTRUCTION))


@pytest.mark.parametrize(
    "line",
    [
        "remove dog",
        "remove",
        "remove cup tea",
        "remove tea cup",
        "remove man's hat",
        "add hat @ sideways cup",
        "add hat @",
        "add all",
        "style all",
        "color old red hat > blue old cup",
        "other hat",
        "replace hat",
        "paint hat",
        "larger hat + ",
        "foreign hat",
        "foreign + other",
        "other + foreign",
        "larger hat - man",
        "add hat - man",
        "remove all - man - tea",
        "remove all -",
        " + ".join(["other"] * (PARTS + 1)),
        f"remove {' '.join(INSTRUCTION[: PHRASE_WORDS + 1])}",
        f"action man > {' '.join(INSTRUCTION[: LONG_WORDS + 1])}",
        f"style {' '.join(INSTRUCTION[: LONG_WORDS + 1])}",
    ],
)
def test_what_cannot(line: str) -> None:
    assert not can_be_written(line, " ".join(INSTRUCTION))


@pytest.mark.parametrize(
    ("instruction", "line", "allowed"),
    [
        ("remove the old cup. tea is fine", "remove old cup", True),
        ("remove the old cup. tea is fine", "remove cup tea", False),
        ("change the clock to 3:00\nadd a lamp", "replace clock > 3 00", True),
        ("change the clock to 3:00\nadd a lamp", "replace clock > 3 00 add", False),
        ("remove the hat; blue skies", "remove hat blue", False),
        ("make it a van gogh, starry night", "style van gogh starry night", True),
        ("the sign of st. mary is gone", "remove sign of st mary", True),
        ('write "one two. three four five six seven" on it', "add one two three four five six seven", True),
        ("write one two three four five six seven on it", "add one two three four five six seven", False),
        ("write 'a b c d e f' on wall one", "add a b c d e f", True),
        ("paint 'a b c d e f g' sign blue", "color a b c d e f g sign > blue a b c d e f g sign", True),
    ],
)
def test_a_stretch_stays_in_its_sentence_and_a_quote_counts_as_a_word(
    instruction: str, line: str, allowed: bool
) -> None:
    assert can_be_written(line, normalize(instruction)) == allowed


def test_every_generated_line_can_be_written() -> None:
    for pair in islice(pairs(11), 1500):
        assert can_be_written(pair.line, normalize(pair.instruction)), pair


@settings(max_examples=300, deadline=None)
@given(
    instruction=st.lists(st.sampled_from([*INSTRUCTION, "all", "é", "把汽车", "x" * 40, "a-b"]), min_size=1),
    seed=st.integers(),
)
def test_whatever_is_chosen_is_a_line(instruction: list[str], seed: int) -> None:
    line, tokens = anything(instruction, Random(seed))
    parts = parse_line(line.removesuffix(" +"))
    assert 1 <= len(parts) <= PARTS
    forms = {*instruction, *map(strip_possessive, instruction), "all"}
    for part in parts:
        phrases = [phrase for phrase in (part.source, part.target, part.anchor, part.keep) if phrase is not None]
        assert set(" ".join(phrases).split()) <= forms
    assert tokens <= LINE_TOKENS + 60


def test_all_kinds_can_begin_a_line() -> None:
    assert [word for word, _ in Grammar([Word("hat")]).next_words(State())] == [*KINDS, FOREIGN]


def test_words_that_begin_alike_are_told_apart_later() -> None:
    spelling = TokenMask(Grammar([Word("hat"), Word("hatch")]), spell)
    for token in spell(" remove"):
        spelling.add(token)
    for token in spell(" hat")[:1]:
        spelling.add(token)
    assert spell(" hat")[1] in spelling.tokens
    for token in spell(" hatch")[1:]:
        spelling.add(token)
    assert spelling.fields(spell(END)[0]) == {(0, "source")}
    with pytest.raises(ValueError, match="cannot come next"):
        spelling.add(-1)


def test_a_line_is_done_when_its_end_was_chosen() -> None:
    spelling = TokenMask(Grammar([Word("hat")]), spell)
    for token in spell(" other"):
        spelling.add(token)
    assert not spelling.is_done
    for token in spell(END):
        spelling.add(token)
    assert spelling.is_done
    assert spelling.tokens == []
    assert parse_line("other") == (EditIntent("other", "all", None),)
