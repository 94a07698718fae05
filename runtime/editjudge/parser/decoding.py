"""Decode an intent line with a language model, choice by choice, and record how likely each choice was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.backends.llama_cpp import LanguageModel
from editjudge.parser.grammar import END, Field, Grammar
from editjudge.parser.token_mask import TokenMask

READ_WORDS, READ_TOKENS = 64, 96
"""How much of an instruction is read: what a picture is to become stands in its first sentences."""
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
    """A line and its choices; `tokens` is how many it has, its end included."""

    line: str
    choices: tuple[TokenChoice, ...]
    tokens: int


def decode_line(model: LanguageModel, text: str, after: str, words: Sequence[str]) -> DecodedLine | None:
    """Decodes the likeliest line, choice by choice, about a text of these words; None where it has no word to copy.

    `after` is what stands between text and line.
    """
    copyable = [word for word in words[:READ_WORDS] if len(model.tokenize(f" {word}")) <= WORD_TOKENS]
    if not copyable:
        return None
    mask = TokenMask(Grammar(copyable), model.tokenize)
    model.restart()
    unread = [*model.tokenize(f" {text}")[:READ_TOKENS], *model.tokenize(after, special=True)]
    tokens: list[int] = []
    choices = []
    while not mask.is_done:
        candidates = mask.tokens
        token = candidates[0]
        if len(candidates) > 1:
            log_likelihoods = model.log_likelihoods(unread, candidates)
            unread = []
            token = candidates[int(log_likelihoods.argmax())]
            options = tuple(model.detokenize([candidate]) for candidate in candidates)
            choices.append(TokenChoice(mask.fields(token), options, log_likelihoods))
        tokens.append(token)
        unread.append(token)
        mask.add(token)
    return DecodedLine(model.detokenize(tokens).removesuffix(END).strip(), tuple(choices), len(tokens))
