"""A set of questions about an edit: their words, what an answer holds, and what is made of the answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Shown = Literal["original", "edited"]

REASONING = "reasoning"
"""The field that comes first in every answer: what is written before a number bears on it."""
LONGEST_REASONING = 500
LONGEST_SENTENCE = 200
"""Characters."""


@dataclass(frozen=True)
class ScoreField:
    """A whole number from 0 to `highest`, both included."""

    name: str
    highest: int
    meaning: str


@dataclass(frozen=True)
class ChoiceField:
    """Yes or no."""

    name: str
    meaning: str


@dataclass(frozen=True)
class SentenceField:
    """A text that is not empty."""

    name: str
    meaning: str
    longest: int = LONGEST_SENTENCE


AnswerField = ScoreField | ChoiceField | SentenceField


@dataclass(frozen=True)
class JudgeQuestion:
    """One question, asked by itself.

    Attributes:
        name: In plain letters; the side that it is about.
        task: What is to be judged, and by which measure.
        pictures: What is shown, in this order.
        tells_instruction: Whether the instruction goes along.
        fields: Of the answer, after the reasoning.
    """

    name: str
    task: str
    pictures: tuple[Shown, ...]
    tells_instruction: bool
    fields: tuple[AnswerField, ...]

    @property
    def scores(self) -> tuple[ScoreField, ...]:
        """What its side is the least of."""
        return tuple(one for one in self.fields if isinstance(one, ScoreField))


@dataclass(frozen=True)
class PromptSet:
    """Questions that are asked together of one edit.

    Attributes:
        name: In options and columns.
        number: Raised when the questions are other ones; each of their words tells in the label (`label_prompts`).
        title: What papers call it.
        meaning: Of the overall number, in a line, after its range.
        system: What the model is told before each question.
        questions: One a side.
        highest: The greatest overall number; the least is 0. None: a difference is judged, not an edit.
        add_up: The overall number of the sides' numbers.
    """

    name: str
    number: int
    title: str
    meaning: str
    system: str
    questions: tuple[JudgeQuestion, ...]
    highest: float | None
    add_up: Callable[[Mapping[str, float]], float] = field(compare=False)


SYSTEM = (
    "You judge pictures that were edited by a program which followed an instruction. Look closely, be exact, and judge "
    "only what can be seen. Small flaws cost little, large ones much; use the whole scale."
)


def multiply_least(first: str, second: str, third: str | None = None) -> Callable[[Mapping[str, float]], float]:
    """The root of a product, as VIEScore adds up: of two sides, or of the lesser of two and a third."""

    def add_up(sides: Mapping[str, float]) -> float:
        if third is None:
            return math.sqrt(sides[first] * sides[second])
        return math.sqrt(min(sides[first], sides[second]) * sides[third])

    return add_up
