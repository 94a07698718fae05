"""A line written by a language model, choice by choice, and how sure it was of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.parsing.choices import END, Choices, Field
from editjudge.parsing.language import LanguageModel
from editjudge.parsing.spelling import Spelling

READ_WORDS, READ_TOKENS = 64, 96
"""How much of an instruction is read: what a picture is to become stands in its first sentences."""
WORD_TOKENS = 16
"""A word of more tokens is no word of a language that the models know, and cannot be copied."""


@dataclass(frozen=True)
class Choice:
    """A token chosen among several. decides: fields, each with the part of the line that it belongs to."""

    decides: frozenset[tuple[int, Field]]
    possible: tuple[str, ...]
    likelihoods: NDArray[np.float64]
    """float64[len(possible)], nats, of the possible ones alone."""

    @property
    def best(self) -> int:
        return int(self.likelihoods.argmax())

    @property
    def chosen(self) -> str:
        return self.possible[self.best]


@dataclass(frozen=True)
class Written:
    """A line and its choices. tokens: how many it has, its end included."""

    line: str
    choices: tuple[Choice, ...]
    tokens: int


def write(model: LanguageModel, text: str, after: str, said: Sequence[str]) -> Written | None:
    """The likeliest line, choice by choice, about a text of these words; None where it has no word to copy.

    after: what stands between text and line.
    """
    copied = [word for word in said[:READ_WORDS] if len(model.spell(f" {word}")) <= WORD_TOKENS]
    if not copied:
        return None
    spelling = Spelling(Choices(copied), model.spell)
    model.restart()
    unread = [*model.spell(f" {text}")[:READ_TOKENS], *model.spell(after, special=True)]
    tokens: list[int] = []
    choices = []
    while not spelling.is_done:
        possible = spelling.tokens
        token = possible[0]
        if len(possible) > 1:
            likelihoods = model.likelihoods(unread, possible)
            unread = []
            token = possible[int(likelihoods.argmax())]
            texts = tuple(model.text([each]) for each in possible)
            choices.append(Choice(spelling.fields(token), texts, likelihoods))
        tokens.append(token)
        unread.append(token)
        spelling.add(token)
    return Written(model.text(tokens).removesuffix(END).strip(), tuple(choices), len(tokens))
