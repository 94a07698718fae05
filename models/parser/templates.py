"""Instructions with gaps, and the line about each: the files templates/*.txt.

A file holds sections: "= LINE", and below it the templates that it answers. A template that begins with "! " is a
command, which a "please" or "could you" may stand before. Gaps are {name} (a phrase), {name.form} (how it is said) and
{name+other} (a thing that got an attribute); names are those of `names`, digits tell two of them apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from editjudge.parsing.line import Intents, read
from parser.names import draw
from parser.places import Place
from parser.slots import LONGEST, Attribute, Slot, Slots
from parser.thing import Thing

FOLDER = Path(__file__).parent / "templates"
GAP = re.compile(r"\{(\w+)(?:\.(\w+)|\+(\w+))?\}")
TRIES = 50


@dataclass(frozen=True)
class Template:
    """An instruction with gaps; command: whether it is one; line: what is to be written about it, with gaps as well."""

    text: str
    command: bool
    line: str

    def fill(self, slots: Slots) -> tuple[str, Intents]:
        """An instruction, in lower case and without final punctuation, and its intents."""
        names = dict.fromkeys(found[0] for found in GAP.findall(f"{self.text} {self.line}"))
        for _ in range(TRIES):
            drawn = {name: draw(name, slots) for name in names}
            line = _filled(self.line, drawn)
            if _distinct(drawn) and all(len(str(slot).split()) <= LONGEST for slot in drawn.values()):
                return _filled(self.text, drawn), read(line)
        raise RuntimeError(f"nothing fits {self.text!r} within {TRIES} tries")


@cache
def templates(name: str) -> tuple[Template, ...]:
    """Those of templates/NAME.txt."""
    found, line = [], ""
    for row in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if row.startswith("= "):
            line = row.removeprefix("= ")
        elif row:
            found.append(Template(row.removeprefix("! "), row.startswith("! "), line))
    return tuple(found)


def _filled(text: str, drawn: dict[str, Slot]) -> str:
    def said(gap: re.Match[str]) -> str:
        name, form, other = gap.groups()
        slot = drawn[name]
        if form:
            return str(getattr(slot, form if hasattr(slot, form) else f"{form}_"))
        attribute = drawn[other] if other else None
        if isinstance(slot, Thing) and isinstance(attribute, Attribute):
            return slot.having(attribute.kind, attribute.words)
        return str(slot)

    return GAP.sub(said, text)


def _distinct(drawn: dict[str, Slot]) -> bool:
    """Whether no two of the phrases that are drawn share a word, so that it is clear which is which."""
    phrases = [slot.anchor or "" if isinstance(slot, Place) else slot for slot in drawn.values()]
    words = [word for phrase in phrases for word in str(phrase).split()]
    return len(words) == len(set(words))
