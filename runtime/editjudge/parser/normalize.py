"""The words of an instruction, as they are read and copied."""

from __future__ import annotations

import unicodedata

from editjudge.errors import InstructionError

LONGEST = 4000
"""Characters in the longest instruction."""
LONGEST_WORD = 40
"""Longer runs of letters are no words, and would only take long to write."""
JOINERS = "'-"
"""What may stand inside a word, beside letters, marks and digits."""
STOPS = " .!?"
QUOTES = {*zip("\"'`\u201c\u201e\u00ab", "\"'`\u201d\u201c\u00bb", strict=True), ("\u201d", "\u201d")}
"""Opening and closing."""
APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})


def normalize(instruction: str) -> str:
    """In lower case, with single spaces, plain apostrophes, no control characters (they become spaces), no last stop,
    and without quotes around all of it.

    Raises InstructionError for one that is empty or too long.
    """
    if len(instruction) > LONGEST:
        raise InstructionError(
            f"The instruction has {len(instruction):,} characters, and at most {LONGEST:,} are read; shorten it."
        )
    visible = "".join(" " if unicodedata.category(char).startswith("C") else char for char in instruction)
    text = _unquote(" ".join(visible.lower().translate(APOSTROPHES).split()).rstrip(STOPS))
    if not text:
        raise InstructionError('The instruction is empty; say what is to change, as in "make the car blue".')
    return text


def _unquote(text: str) -> str:
    """Without a pair of quotes that encloses all of it; those that stand inside are part of it."""
    while len(text) > 1 and (text[0], text[-1]) in QUOTES and text[-1] not in text[1:-1]:
        text = text[1:-1].strip().rstrip(STOPS)
    return text


def split_words(text: str) -> list[str]:
    """The words of a text, in lower case, without punctuation."""
    plain = text.lower().translate(APOSTROPHES)
    spaced = (char if char in JOINERS or unicodedata.category(char)[0] in "LMN" else " " for char in plain)
    words = (word.strip(JOINERS) for word in "".join(spaced).split())
    return [word for word in words if len(word) <= LONGEST_WORD and any(char.isalnum() for char in word)]
