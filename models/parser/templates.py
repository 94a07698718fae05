"""Instructions with gaps, and the lines about them, from the files templates/KIND.txt and families/FAMILY.txt.

A family holds a way of asking, with what looks like it and means something else, of whatever kind. A file has sections:
"= LINE", and below it the templates of the instructions that the line is about. A template that begins with "! " is a
command, which "please" or "could you" may precede. Gaps are {name} (a phrase), {name.form} (how it appears in the
sentence) and {name+other} (a thing with a new attribute). The names are those of `names`; digits tell two apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from editjudge.parser.intent_syntax import AND, Intents, parse_line
from parser.names import draw
from parser.places import Place
from parser.slots import LONGEST, Attribute, Slot, Slots, Words
from parser.thing import Thing

FOLDER = Path(__file__).parent / "templates"
FAMILIES = Path(__file__).parent / "families"
GAP = re.compile(r"\{(\w+)(?:\.(\w+)|\+(\w+))?\}")
TRIES = 100
MIXED = 3
"""In lists of more parts than these, phrases of two of them may share words."""


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

    @property
    def kind(self) -> str:
        """The edit type of what it is about; "compound" for several."""
        if AND in self.line:
            return "compound"
        word, _, _ = self.line.partition(" ")
        return "size" if word in ("larger", "smaller") else word

    def fill(self, slots: Slots) -> tuple[str, Intents]:
        """An instruction, in lower case and without final punctuation, and its intents."""
        names = dict.fromkeys(groups[0] for groups in GAP.findall(f"{self.text} {self.line}"))
        for _ in range(TRIES):
            drawn = {name: draw(name, slots) for name in names}
            line = _fill(self.line, drawn)
            fits = (isinstance(slot, Words) or len(str(slot).split()) <= LONGEST for slot in drawn.values())
            if self._are_distinct(drawn) and all(fits):
                return self.write(drawn), parse_line(line)
        raise RuntimeError(f"nothing fits {self.text!r} within {TRIES} tries")

    def write(self, drawn: Mapping[str, Slot]) -> str:
        """The instruction with what was drawn for its gaps, in lower case and without final punctuation."""
        return _fill(self.text, drawn)

    def _are_distinct(self, drawn: dict[str, Slot]) -> bool:
        """Whether no two of the phrases, in long lists those of a part, share a word: it is clear which is which."""
        parts = self.line.split(AND)
        if len(parts) <= MIXED:
            return _share_no_word(drawn.values())
        named = ([name for groups in GAP.findall(part) for name in groups[::2] if name] for part in parts)
        return all(_share_no_word(drawn[name] for name in dict.fromkeys(names)) for names in named)


@cache
def templates(name: str) -> tuple[Template, ...]:
    """Those of templates/NAME.txt."""
    return _read(FOLDER / f"{name}.txt")


@cache
def families() -> dict[str, tuple[Template, ...]]:
    """Those of each family, by its name."""
    return {path.stem: _read(path) for path in sorted(FAMILIES.glob("*.txt"))}


@cache
def familiar(kind: str) -> tuple[Template, ...]:
    """Those of all families that are about one edit, of this kind."""
    return tuple(
        template
        for found in families().values()
        for template in found
        if template.kind == kind and GAP.search(template.line)
    )


def _read(path: Path) -> tuple[Template, ...]:
    found, line = [], ""
    for row in path.read_text(encoding="utf-8").splitlines():
        if row.startswith("= "):
            line = row.removeprefix("= ")
        elif row:
            found.append(Template(row.removeprefix("! "), row.startswith("! "), line))
    return tuple(found)


def _fill(text: str, drawn: Mapping[str, Slot]) -> str:
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


def _share_no_word(slots: Iterable[Slot]) -> bool:
    phrases = [slot.anchor or "" if isinstance(slot, Place) else slot for slot in slots]
    words = [word for phrase in phrases for word in str(phrase).split()]
    return len(words) == len(set(words))
