"""Several instructions on lines of their own, in lists, or in sentences; and a line that is broken anywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from editjudge.parser.intent_syntax import Intents

MARKS = ("- ", "* ", "\u2022 ", "-> ", "{n}. ", "{n}) ", "({n}) ", "{n}: ", "step {n}: ", "{letter}) ", "{letter}. ")
"""What a line of a list may begin with."""
HEADINGS = (
    "please do the following", "a few changes", "edits", "changes needed", "to do", "todo", "my wishes",
    "for this photo", "here's what i need", "i need these done", "could you make these edits", "things to change",
    "notes", "tasks", "i'd like the following changes", "two things", "some edits", "requested changes",
    "instructions", "list of edits", "can you do these for me", "so", "ok so",
)  # fmt: skip
NUMBERED = ("{n}. ", "{n}) ", "({n}) ", "{letter}) ", "#{n} ", "no. {n} ")
ENUMERATED = ("first, ", "second, ", "third, ", "fourth, ", "fifth, ", "sixth, ", "seventh, ", "eighth, ")
ONWARD = (
    "then ", "and then ", "after that, ", "next, ", "also, ", "also ", "and ", "additionally, ", "finally, ",
    "lastly, ", "plus ", "as well, ", "besides, ", "and also ", "another thing: ", "oh and ", "last but not least ",
)  # fmt: skip
BREAKABLE = re.compile(r" (?=(?:the|a|an|please|so|because|to|my|this|that)\b)")


def lay_out(texts: Sequence[str], random: Random) -> str:
    """The instructions as a list: on lines, with marks or without, or numbered in one line."""
    chance = random.random()
    if chance < 0.45:
        return _separate(texts, random.choice(("", "", "", ".", ".", ",", ";")), "\n")
    if chance < 0.7:
        mark = random.choice(MARKS)
        rows = [_mark(mark, number) + text for number, text in enumerate(texts, 1)]
        heading = random.choice(HEADINGS) + random.choice((":", ":", "", ".")) + random.choice(("\n", "\n\n"))
        return (heading if random.random() < 0.5 else "") + _separate(rows, random.choice(("", "", ".", ";")), "\n")
    if chance < 0.82:
        mark = random.choice(NUMBERED)
        rows = [_mark(mark, number) + text for number, text in enumerate(texts, 1)]
        heading = f"{random.choice(HEADINGS)}: " if random.random() < 0.4 else ""
        return heading + _separate(rows, random.choice(("", ",", ";", ".")), " ")
    if chance < 0.9:
        rows = [f"{first}{text}" for first, text in zip(ENUMERATED, texts, strict=False)]
        return _separate([*rows, *texts[len(rows) :]], random.choice((".", ".", ",", ";")), " ")
    heading = f"{random.choice(HEADINGS)}: " if random.random() < 0.4 else ""
    return heading + _separate(texts, random.choice((";", ",", ".", " /", " //", " |", " +", " -")), " ")


def tell(texts: Sequence[str], random: Random) -> str:
    """The instructions as sentences in a row, some of which begin with "then" or the like."""
    rows = [f"{random.choice(ONWARD) if at and random.random() < 0.4 else ''}{text}" for at, text in enumerate(texts)]
    return _separate(rows, random.choice((".", ".", ".", "!", ";", ",")), " ")


def wrap(text: str, intents: Intents, random: Random) -> str:
    """The text with a line break where no phrase is; as it is where that is not certain."""
    places = [match.start() for match in BREAKABLE.finditer(text)]
    if not places or any(intent.edit_type in ("action", "style") for intent in intents):
        return text
    at = random.choice(places)
    return f"{text[:at]}\n{text[at + 1 :]}"


def _separate(rows: Sequence[str], stop: str, gap: str) -> str:
    return f"{stop}{gap}".join(rows)


def _mark(mark: str, number: int) -> str:
    return mark.format(n=number, letter="abcdefghijklm"[number - 1])
