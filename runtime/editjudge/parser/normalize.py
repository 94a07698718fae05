"""An instruction as it is read: in lower case, on one line, without what a person would not see."""

from __future__ import annotations

import re
import unicodedata

from editjudge.errors import InstructionError

LONGEST = 4000
"""Characters in the longest instruction."""
STOPS = " .!?;"
QUOTES = {*zip("\"'`\u201c\u201e\u00ab", "\"'`\u201d\u201c\u00bb", strict=True), ("\u201d", "\u201d")}
"""Opening and closing."""
APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})
NEW_LINE = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
LIST_MARK = re.compile(r"(?:[-*+\u2022\u2013\u2014\u00b7\u25aa\u25e6\u2023]|\(?(?:\d{1,2}|[a-h])[.):])\s+(?=\S)")
"""What begins a line of a list, as "-" or "2.": it says no more than that the line is one of its own."""
PAUSES = ",.:;!?"
LINE_BREAK = " ; "
"""What takes the place of a line break, unless the line ends in a pause: an edit often ends with its line."""


def normalize(instruction: str) -> str:
    """In lower case, with single spaces and plain apostrophes, a semicolon where a line ends, no marks of lists, no
    control characters (they become spaces, and those that only format vanish), no last stop, and no quotes around all
    of it.

    Raises InstructionError for one that is no text, is empty, too long or holds a NUL.
    """
    if not isinstance(instruction, str):
        raise InstructionError(
            f"the instruction is no text but of type {type(instruction).__name__}; hand in text, or what parse gave"
        )
    if len(instruction) > LONGEST:
        raise InstructionError(
            f"the instruction has {len(instruction):,} characters, and at most {LONGEST:,} are read; shorten it"
        )
    if "\0" in instruction:
        raise InstructionError("the instruction holds a NUL character, so it is no text; hand in what was typed")
    text = _join_lines(show(instruction).lower())
    text = _unquote(text.rstrip(STOPS))
    if not text:
        raise InstructionError('the instruction is empty; say what is to change, as in "make the car blue"')
    return text


def show(instruction: str) -> str:
    """The lines of an instruction with plain apostrophes and single spaces, without what nobody sees."""
    lines = NEW_LINE.split(instruction.translate(APOSTROPHES))
    return "\n".join(" ".join("".join(map(_show_character, line)).split()) for line in lines)


def _show_character(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf" and char != "\u200b":  # a mark of direction, or one that joins letters; not a space of no width
        return ""
    return " " if category.startswith("C") else char


def _join_lines(text: str) -> str:
    joined = ""
    for line in text.split("\n"):
        said = LIST_MARK.sub("", line, count=1) if LIST_MARK.match(line) else line
        if said and joined:
            joined += " " if joined[-1] in PAUSES else LINE_BREAK
        joined += said
    return joined


def _unquote(text: str) -> str:
    """Without a pair of quotes that encloses all of it; those that stand inside are part of it."""
    while len(text) > 1 and (text[0], text[-1]) in QUOTES and text[-1] not in text[1:-1]:
        text = text[1:-1].strip().rstrip(STOPS)
    return text
