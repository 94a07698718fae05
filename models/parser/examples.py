"""Pairs as what the model is trained on: tokens, and wherever there is a choice, the tokens to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import llama_cpp

from editjudge.parsing.choices import END, Choices
from editjudge.parsing.spelling import Spell, Spelling
from editjudge.parsing.words import clean, words
from parser.generate import Pair

SORTED = 16
"""Batches that are drawn together and sorted by length, so that a batch has little padding."""


@dataclass(frozen=True)
class Example:
    """tokens: what is read and written, the last one excepted. choices: per place where there is a choice its index in
    `tokens`, the tokens that may come next, and which of them is right."""

    tokens: list[int]
    choices: list[tuple[int, list[int], int]]


def speller(model: Path) -> Spell:
    """The tokens of a text in the vocabulary of a GGUF model."""
    vocabulary = llama_cpp.Llama(str(model), vocab_only=True, n_ctx=8, verbose=False)

    @cache
    def spell(text: str) -> tuple[int, ...]:
        return tuple(vocabulary.tokenize(text.encode(), add_bos=False, special=False))

    return spell


def example(pair: Pair, spell: Spell, first: int) -> Example:
    """first: the token before every text. Raises ValueError for a line that cannot be written about its instruction."""
    text = clean(pair.instruction)
    tokens = [first, *spell(f" {text}"), *spell(END)]
    choices = []
    spelling = Spelling(Choices(words(text)), spell)
    for token in (*spell(f" {pair.line}"), *spell(END)):
        possible = spelling.tokens
        spelling.add(token)
        if len(possible) > 1:
            choices.append((len(tokens) - 1, possible, possible.index(token)))
        tokens.append(token)
    return Example(tokens[:-1], choices)


def batches(source: Iterator[Pair], size: int, spell: Spell, first: int) -> Iterator[Sequence[Example]]:
    """Batches of examples of about the same length, without end."""
    examples = _examples(source, spell, first)
    while True:
        drawn = list(islice(examples, size * SORTED))
        drawn.sort(key=lambda each: len(each.tokens))
        # Every SORTED-th place in turn, so that short and long batches alternate.
        order = sorted(range(SORTED), key=lambda index: (index * 7) % SORTED)
        for index in order:
            yield drawn[index * size : (index + 1) * size]


def _examples(source: Iterator[Pair], spell: Spell, first: int) -> Iterator[Example]:
    """Leaves out the one in some 20,000 that cannot be written, as a phrase of seven words."""
    for pair in source:
        try:
            yield example(pair, spell, first)
        except ValueError:
            continue
