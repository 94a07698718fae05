"""Which tokens may come next in an intent line, word by word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from editjudge.parser.grammar import DONE, END, START, Field, Grammar, State

LINE_TOKENS = 96
"""After so many tokens a line is to end soon; eight parts have about 60."""

Tokenize = Callable[[str], Sequence[int]]
"""The tokens of a text."""


class _Word(NamedTuple):
    """A word that may be being written: the tokens of it to come, and the states before and after it."""

    tokens: tuple[int, ...]
    before: State
    after: State


class TokenMask:
    """A line that grows token by token. The tokens of a word, with the space before it, do not depend on the others."""

    def __init__(self, grammar: Grammar, tokenize: Tokenize) -> None:
        """`tokenize` is called with the same words again and again."""
        self._grammar = grammar
        self._tokenize = tokenize
        self._length = 0
        self._words = {_Word((), START, START)}
        self._expand()

    @property
    def is_done(self) -> bool:
        return any(not word.tokens and word.after is DONE for word in self._words)

    @property
    def is_brief(self) -> bool:
        """Whether the line has so many tokens that it is to end soon."""
        return self._length >= LINE_TOKENS

    @property
    def tokens(self) -> list[int]:
        """Those that may come next, in order; none after the end."""
        return sorted({word.tokens[0] for word in self._words if word.tokens})

    def fields(self, token: int) -> frozenset[tuple[int, Field]]:
        """The part and the field of it that a next token belongs to; several where their words begin alike."""
        return frozenset((word.before.part, word.before.field) for word in self._words if word.tokens[:1] == (token,))

    def add(self, token: int) -> None:
        """Raises ValueError for a token that may not come next."""
        words = {word._replace(tokens=word.tokens[1:]) for word in self._words if word.tokens[:1] == (token,)}
        if not words:
            raise ValueError(f"token {token} cannot come next; {self.tokens} can")
        self._words = words
        self._length += 1
        self._expand()

    def _expand(self) -> None:
        """Replaces the words that have been written by those that may follow."""
        for word in tuple(self._words):
            if not word.tokens and word.after is not DONE:
                self._words.remove(word)
                for text, state in self._grammar.next_words(word.after, self.is_brief):
                    tokens = tuple(self._tokenize(text if text == END else f" {text}"))
                    self._words.add(_Word(tokens, word.after, state))
