"""A noun phrase as an instruction names it, and the part of it that an intent keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

VOWELS = re.compile(r"(?!u(?:fo|k|ni|s[ae])|eu|one\b|yurt)(?:[aeiou]|8|hour|x-)")
"""How a word begins that takes "an"."""
UNCHANGED = frozenset(
    "aircraft bison buffalo deer dice elk fish koi moose reindeer salmon sheep shrimp squid swine trout tuna".split()  # noqa: SIM905
)
"""Nouns whose plural is the same as their singular."""
IRREGULAR = {
    "person": "people", "man": "men", "woman": "women", "child": "children", "mouse": "mice", "goose": "geese",
    "foot": "feet", "tooth": "teeth", "ox": "oxen",
}  # fmt: skip
PRECEDING = ("owner", "number")
"""The kinds of attributes that come before a new one; all others come after it."""


def plural(noun: str) -> str:
    """The plural of a noun phrase; of "cup of tea", "cups of tea"."""
    first, of, rest = noun.partition(" of ")
    *before, last = first.split()
    if last in UNCHANGED:
        many = last
    elif last in IRREGULAR:
        many = IRREGULAR[last]
    elif last.endswith("man") and last not in ("human", "shaman", "german", "caiman", "talisman"):
        many = f"{last[:-3]}men"
    elif re.search(r"(?:kni|wi)fe$|(?:cal|el|hal|lea|loa|scar|shel|thie|wol)f$", last):
        many = re.sub(r"fe?$", "ves", last)
    elif re.search(r"(s|x|z|ch|sh|tomato|potato|hero|volcano)$", last):
        many = f"{last}es"
    else:
        many = re.sub(r"(?<=[^aeiou])y$", "ie", last) + "s"
    return " ".join([*before, many]) + of + rest


@dataclass(frozen=True)
class Thing:
    """A noun with its attributes. Templates use the names of its properties.

    Attributes:
        noun: The noun, without an article.
        number: "one", "many" or "mass".
        attributes: (kind, words), in the order in which they precede the noun.
        determiner: What it takes when it is known, such as "the" or "my".
        clause: What follows it, such as "on the table"; not part of the phrase.
        pronoun: What may stand for it later.
    """

    noun: str
    number: str = "one"
    attributes: tuple[tuple[str, str], ...] = ()
    determiner: str = "the"
    clause: str = ""
    pronoun: str = "it"

    def __str__(self) -> str:
        """The phrase that an intent keeps."""
        return " ".join([*(words for _, words in self.attributes), self.noun])

    def having(self, kind: str, words: str) -> str:
        """The phrase with another attribute, in the place of one of its kind, or else before the others."""
        kinds = [own_kind for own_kind, _ in self.attributes]
        if kind in kinds:
            index = kinds.index(kind)
            changed = (*self.attributes[:index], (kind, words), *self.attributes[index + 1 :])
        else:
            index = sum(own_kind in PRECEDING for own_kind in kinds)
            changed = (*self.attributes[:index], (kind, words), *self.attributes[index:])
        return str(replace(self, attributes=changed))

    @property
    def the(self) -> str:
        return " ".join(part for part in (self.determiner, str(self), self.clause) if part)

    @property
    def a(self) -> str:
        article = "" if self.number != "one" else "an " if VOWELS.match(str(self)) else "a "
        return f"{article}{self} {self.clause}".strip()

    @property
    def where(self) -> str:
        """As a place: "on the table"."""
        return f"on the {self}"

    @property
    def it(self) -> str:
        return "them" if self.number == "many" else self.pronoun

    @property
    def its(self) -> str:
        return {"him": "his", "her": "her", "them": "their"}.get(self.it, "its")

    @property
    def it_is(self) -> str:
        return {"him": "he is", "her": "she is", "them": "they are"}.get(self.it, "it is")

    @property
    def they(self) -> str:
        return self.it_is.split()[0]

    @property
    def it_were(self) -> str:
        return f"{self.they} were"

    @property
    def is_(self) -> str:
        return "are" if self.number == "many" else "is"

    @property
    def was(self) -> str:
        return "were" if self.number == "many" else "was"

    @property
    def were(self) -> str:
        return "were"

    @property
    def has(self) -> str:
        return "have" if self.number == "many" else "has"

    @property
    def does(self) -> str:
        return "do" if self.number == "many" else "does"

    @property
    def s(self) -> str:
        """The ending of its verb: "look{thing.s}"."""
        return "" if self.number == "many" else "s"
