"""Instructions with gaps, and the lines about them, from the files templates/*.txt.

A file has sections: "= LINE", and below it the templates of the instructions that the line is about. A template that
begins with "! " is a command, which "please" or "could you" may precede. Gaps are {name} (a phrase), {name.form} (how
it appears in the sentence) and {name+other} (a thing with a new attribute). The names are those of `names`; digits tell
two of them apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from editjudge.parser.intent_syntax import Intents, parse_line
from parser.names import draw
from parser.places import Place
from parser.slots import LONGEST, Attribute, Slot, Slots
from parser.thing import Thing

FOLDER = Path(__file__).parent / "templates"
GAP = re.compile(r"\{(\w+)(?:\.(\w+)|\+(\w+))?\}")
TRIES = 50


@dataclass(frozen=True)
class Template:
    """An instruction with gaps.

    Attributes:
        text: The instruction.
        command: Whether it is a command.
        line: What is to be written about it, with the same gaps.
    """

    text: str
    command: bool
    line: str

    def fill(self, slots: Slots) -> tuple[str, Intents]:
        """An instruction, in lower case and without final punctuation, and its intents."""
        names = dict.fromkeys(groups[0] for groups in GAP.findall(f"{self.text} {self.line}"))
        for _ in range(TRIES):
            drawn = {name: draw(name, slots) for name in names}
            line = _fill(self.line, drawn)
            if _are_distinct(drawn) and all(len(str(slot).split()) <= LONGEST for slot in drawn.values()):
                return _fill(self.text, drawn), parse_line(line)
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


def _fill(text: str, drawn: dict[str, Slot]) -> str:
    def replacement(gap: re.Match[str]) -> str:
        name, form, other = gap.groups()
        slot = drawn[name]
        if form:
            return str(getattr(slot, form if hasattr(slot, form) else f"{form}_"))
        attribute = drawn[other] if other else None
        if isinstance(slot, Thing) and isinstance(attribute, Attribute):
            return slot.having(attribute.kind, attribute.words)
        return str(slot)

    return GAP.sub(replacement, text)


def _are_distinct(drawn: dict[str, Slot]) -> bool:
    """Whether no two of the phrases share a word, so that it is clear which is which."""
    phrases = [slot.anchor or "" if isinstance(slot, Place) else slot for slot in drawn.values()]
    words = [word for phrase in phrases for word in str(phrase).split()]
    return len(words) == len(set(words))
