"""Phrases that have punctuation in an instruction, and none in the line about it: "$4.99", "salt & pepper shaker"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from editjudge.parser.words import split_words
from parser.slots import Slots, Words
from parser.thing import Thing


@dataclass(frozen=True)
class Lettering(Words):
    """Words in a picture, which templates name by `said`, with the punctuation that they have there."""

    printed: str = ""

    @property
    def said(self) -> str:
        return self.printed


def lettering(name: str) -> Callable[[Slots], Lettering]:
    """Draws from a word list whose phrases have punctuation ("$4.99", "let's go!")."""

    def drawn(slots: Slots) -> Lettering:
        printed = str(slots.words(name))
        return Lettering(" ".join(split_words(printed)), printed=printed)

    return drawn


@dataclass(frozen=True)
class Twosome(Thing):
    """One thing of two names, such as "salt & pepper shaker"; its phrase has no "&", as phrases have no punctuation."""

    def __str__(self) -> str:
        return " ".join(split_words(self.said))

    @property
    def said(self) -> str:
        return Thing.__str__(self)

    @property
    def the(self) -> str:
        return super().the.replace(str(self), self.said, 1)

    @property
    def a(self) -> str:
        return super().a.replace(str(self), self.said, 1)


@dataclass(frozen=True)
class Duo(Words):
    """A name of two, such as "tom & jerry"; its phrase has no "&"."""

    def __str__(self) -> str:
        return " ".join(split_words(self.words))


def paired(thing: Thing, number: str = "") -> Twosome:
    return Twosome(thing.noun, number or thing.number, thing.attributes, thing.determiner, thing.clause, thing.pronoun)
