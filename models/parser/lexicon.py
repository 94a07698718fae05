"""The words that instructions are made of, from the lists in words/, and which of the nouns are held out."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from zlib import crc32

WORDS = Path(__file__).parent / "words"

HELD_OUT = 10
"""One noun in so many is held out."""


@cache
def listed(name: str) -> tuple[str, ...]:
    """The phrases of words/NAME.txt, where commas separate them."""
    phrases = (" ".join(phrase.split()) for phrase in (WORDS / f"{name}.txt").read_text(encoding="utf-8").split(","))
    return tuple(phrase for phrase in phrases if phrase)


def head(noun: str) -> str:
    """The word that a noun phrase is about: "truck" of "fire truck", "cup" of "cup of tea"."""
    return noun.partition(" of ")[0].split()[-1]


def is_held_out(noun: str) -> bool:
    """Whether the head of the noun is held out: a "tow truck" is not, if "fire truck" is trained on."""
    return crc32(head(noun).encode()) % HELD_OUT == 0


@cache
def nouns(name: str, held_out: bool) -> tuple[str, ...]:
    """The nouns of words/NAME.txt: those that are held out, or the others."""
    return tuple(noun for noun in listed(name) if is_held_out(noun) == held_out)
