"""What is asked for: what the parser says of an instruction, how sure it is of that, and what else there is to know."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from editjudge.errors import InputError, InstructionError
from editjudge.parser.calibration import UNSURE, Certainty
from editjudge.types import ALL, EditIntent, EditType, Position, Size
from editjudge.utils.arguments import instance
from editjudge.utils.timing import StageTimer

ParserRole = Literal["parser", "fallback_parser"]


@dataclass(frozen=True)
class ParseResult:
    """What an instruction asks for: one intent, or the parts of a compound.

    Attributes:
        certainty: How sure the model was of each part.
        confident: Whether it is surer of all of it than the bundle asks for (flag `parse_uncertain` when not).
        by: Which of the bundle's models answered.
        tokens: How many it wrote.
        instruction: As it was handed in.
        foreign: Whether it is in another language than English, and so not read (flag `not_english`).
        cut_short: Whether it is longer, or has more parts, than what is read (flag `cut_short`).

    What it has of an intent (`edit_type`, `source` and so on) is that of its first part.
    """

    intents: tuple[EditIntent, ...]
    certainty: tuple[Certainty, ...]
    confident: bool
    by: ParserRole = "parser"
    tokens: int = 0
    foreign: bool = False
    cut_short: bool = False
    instruction: str | None = None

    def __post_init__(self) -> None:
        for parts, kind in ((self.intents, EditIntent), (self.certainty, Certainty)):
            if not isinstance(parts, tuple) or not all(isinstance(part, kind) for part in parts):
                raise InputError("a ParseResult holds tuples of EditIntent and of Certainty; take what parse gives")
        if not self.intents or len(self.intents) != len(self.certainty):
            raise InputError("a ParseResult holds as many intents as certainties, at least one; take what parse gives")

    @property
    def intent(self) -> EditIntent:
        """That of the first part."""
        return self.intents[0]

    @property
    def edit_type(self) -> EditType:
        return self.intent.edit_type

    @property
    def source(self) -> str | None:
        return self.intent.source

    @property
    def target(self) -> str | None:
        return self.intent.target

    @property
    def anchor(self) -> str | None:
        return self.intent.anchor

    @property
    def size(self) -> Size:
        return self.intent.size

    @property
    def position(self) -> Position:
        return self.intent.position

    @property
    def keep(self) -> str | None:
        return self.intent.keep

    @property
    def text(self) -> str | None:
        return self.intent.text

    @property
    def surety(self) -> float:
        """How sure the model was that all parts are right, 0 to 1."""
        return math.prod(part.whole for part in self.certainty)

    @property
    def flags(self) -> tuple[str, ...]:
        flags = {
            "compound": len(self.intents) > 1,
            "not_english": self.foreign,
            "not_an_edit": self.confident and self.intent.edit_type == "other",
            "parse_uncertain": not self.confident,
            "cut_short": self.cut_short,
        }
        return tuple(flag for flag, holds in flags.items() if holds)

    def to_dict(self) -> dict[str, Any]:
        """The JSON that the command line prints: the first intent, and all of them with their certainty."""
        parts = zip(self.intents, self.certainty, strict=True)
        return {
            **self.intent.to_dict(),
            "certainty": self.certainty[0].to_dict(),
            "parts": [{**intent.to_dict(), "certainty": certainty.to_dict()} for intent, certainty in parts],
            "flags": list(self.flags),
            "by": self.by,
        }


UNKNOWN = ParseResult((EditIntent("other", ALL, None),), (UNSURE,), confident=False)
"""What nothing can be made of."""
NOT_ENGLISH = replace(UNKNOWN, foreign=True)
"""What is not guessed."""


Request = str | EditIntent | ParseResult
"""What is asked for: in words, as an intent, or as what was read of words before."""

REQUEST = instance((str, EditIntent, ParseResult), "a text, an EditIntent, or what parse gave", InstructionError)
INSTRUCTION = instance(str, "a text", InstructionError)


def understand(
    request: Request | None, read: Callable[[str], ParseResult], timer: StageTimer
) -> tuple[str | None, tuple[EditIntent, ...], tuple[str, ...]]:
    """The words where they are known, the intents, and the flags that reading them raised; nothing of None.

    Args:
        request: What is asked for.
        read: Reads words.
        timer: Takes the time of that.
    """
    if request is None:
        return None, (), ()
    if isinstance(request, EditIntent):
        return None, (request,), ()
    with timer.stage("parse"):
        parsed = request if isinstance(request, ParseResult) else read(request)
    words = request if isinstance(request, str) else parsed.instruction
    return words, parsed.intents, parsed.flags
