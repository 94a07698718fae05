"""Turns pairs into what the model is trained on: tokens and, wherever there is a choice, the tokens to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import llama_cpp

from editjudge.parser.grammar import END, PLUS, Grammar
from editjudge.parser.normalize import normalize
from editjudge.parser.token_mask import Tokenize, TokenMask
from editjudge.parser.words import find_words
from parser.generate import Pair

SORTED = 16
"""How many batches are drawn together and sorted by length, so that a batch needs little padding."""


@dataclass(frozen=True)
class TrainingExample:
    """An instruction with the line about it.

    Attributes:
        tokens: What is read and written, without the last token.
        choices: For every position where there is a choice its index in `tokens`, the tokens that may come next, and
            which of them is right.
    """

    tokens: list[int]
    choices: list[tuple[int, list[int], int]]


def speller(model: Path) -> Tokenize:
    """A function that gives the tokens of a text in the vocabulary of a GGUF model."""
    vocabulary = llama_cpp.Llama(str(model), vocab_only=True, n_ctx=8, verbose=False)

    @cache
    def spell(text: str) -> tuple[int, ...]:
        return tuple(vocabulary.tokenize(text.encode(), add_bos=False, special=False))

    return spell


def example(pair: Pair, spell: Tokenize, first: int) -> TrainingExample:
    """The example of a pair.

    Args:
        pair: The instruction and its intents.
        spell: Gives the tokens of a text.
        first: The token before every text.

    Raises ValueError for a line that cannot be written about its instruction.
    """
    text = normalize(pair.instruction)
    tokens = [first, *spell(f" {text}"), *spell(END)]
    choices = []
    spelling = TokenMask(Grammar(find_words(text)), spell)
    for token in (*spell(f" {pair.line}"), *(() if pair.line.endswith(PLUS) else spell(END))):
        possible = spelling.tokens
        spelling.add(token)
        if len(possible) > 1:
            choices.append((len(tokens) - 1, possible, possible.index(token)))
        tokens.append(token)
    return TrainingExample(tokens[:-1], choices)


def batches(source: Iterator[Pair], size: int, spell: Tokenize, first: int) -> Iterator[Sequence[TrainingExample]]:
    """An endless stream of batches, each with examples of about the same length."""
    examples = _examples(source, spell, first)
    while True:
        drawn = list(islice(examples, size * SORTED))
        drawn.sort(key=lambda example: len(example.tokens))
        # In a mixed order, so that short and long batches alternate.
        order = sorted(range(SORTED), key=lambda index: (index * 7) % SORTED)
        for index in order:
            yield drawn[index * size : (index + 1) * size]


def _examples(source: Iterator[Pair], spell: Tokenize, first: int) -> Iterator[TrainingExample]:
    """Leaves out the one in about 20,000 that cannot be written, for instance because a phrase has seven words."""
    for pair in source:
        try:
            yield example(pair, spell, first)
        except ValueError:
            continue
