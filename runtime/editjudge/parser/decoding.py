"""Decode an intent line with a language model, choice by choice, and record how likely each choice was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.backends.llama_cpp import LanguageModel
from editjudge.parser.grammar import PLUS, Field, Grammar
from editjudge.parser.token_mask import TokenMask
from editjudge.parser.words import Word
from editjudge.utils.deadlines.deadline import Pace

READ_WORDS, READ_TOKENS = 128, 176
"""How much of an instruction is read."""
WORD_TOKENS = 16
"""A word of more tokens is no word of a language that the models know, and cannot be copied."""


@dataclass(frozen=True)
class TokenChoice:
    """A token chosen among several; it decides `fields`, each with the part of the line that it belongs to."""

    fields: frozenset[tuple[int, Field]]
    options: tuple[str, ...]
    """The texts of the possible tokens."""
    log_likelihoods: NDArray[np.float64]
    """float64[len(options)], in nats, of the possible tokens alone."""

    @property
    def best(self) -> str:
        return self.options[int(self.log_likelihoods.argmax())]


@dataclass(frozen=True)
class DecodedLine:
    """A line and its choices.

    Attributes:
        tokens: How many it has, its end included.
        cut_short: Whether the text or the line was longer than what is read or written.
    """

    line: str
    choices: tuple[TokenChoice, ...]
    tokens: int
    cut_short: bool = False


def decode_line(model: LanguageModel, text: str, after: str, words: Sequence[Word]) -> DecodedLine | None:
    """Decodes the likeliest line, choice by choice, about a text of these words; None where it has no word to copy.

    `after` is what stands between text and line. Raises OutOfTimeError where the thread's work has to end before that.
    """
    copyable = [word for word in words[:READ_WORDS] if len(model.tokenize(f" {word.text}")) <= WORD_TOKENS]
    if not copyable:
        return None
    mask = TokenMask(Grammar(copyable), model.tokenize)
    model.restart()
    read = model.tokenize(f" {text}")
    unread = [*read[:READ_TOKENS], *model.tokenize(after, special=True)]
    tokens: list[int] = []
    choices = []
    pace = Pace()
    while not mask.is_done:
        candidates = mask.tokens
        token = candidates[0]
        if len(candidates) > 1:
            pace.begin()
            log_likelihoods = model.log_likelihoods(unread, candidates)
            unread = []
            token = candidates[int(log_likelihoods.argmax())]
            options = tuple(model.detokenize([candidate]) for candidate in candidates)
            choices.append(TokenChoice(mask.fields(token), options, log_likelihoods))
        tokens.append(token)
        unread.append(token)
        mask.add(token)
    line = model.detokenize(tokens).strip()
    ended = line.removesuffix(f" {PLUS}")
    cut_short = ended != line or mask.is_brief or len(read) > READ_TOKENS or len(words) > READ_WORDS
    return DecodedLine(ended, tuple(choices), len(tokens), cut_short)
