"""Which tokens may come next in a line, word by word."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from editjudge.parsing.choices import DONE, END, Choices, Field, State

LINE_TOKENS = 48
"""After so many tokens a line is to end soon; none of 20,000 generated instructions needs as many."""

Spell = Callable[[str], Sequence[int]]
"""The tokens of a text."""


class Spelling:
    """A line that grows token by token. The tokens of a word, with the space before it, do not depend on the others."""

    def __init__(self, choices: Choices, spell: Spell) -> None:
        """spell: the tokens of a text; it is asked for the same words again and again."""
        self._choices = choices
        self._spell = spell
        self._written = 0
        # Words that what is written may be about to spell: the tokens to come, where it leads, and where it began.
        self._begun: set[tuple[tuple[int, ...], State, State]] = {((), State(), State())}
        self._expand()

    @property
    def is_done(self) -> bool:
        return any(not tokens and state is DONE for tokens, state, _ in self._begun)

    @property
    def tokens(self) -> list[int]:
        """Those that may come next, in order; none after the end."""
        return sorted({tokens[0] for tokens, _, _ in self._begun if tokens})

    def fields(self, token: int) -> frozenset[tuple[int, Field]]:
        """The part and the field of it that a next token belongs to; several where their words begin alike."""
        return frozenset((start.part, start.field) for tokens, _, start in self._begun if tokens[:1] == (token,))

    def add(self, token: int) -> None:
        """Raises ValueError for a token that may not come next."""
        followed = {(tokens[1:], state, start) for tokens, state, start in self._begun if tokens[:1] == (token,)}
        if not followed:
            raise ValueError(f"token {token} cannot come next; {self.tokens} can")
        self._begun = followed
        self._written += 1
        self._expand()

    def _expand(self) -> None:
        """Puts the words that may follow in the place of those that are spelt."""
        brief = self._written >= LINE_TOKENS
        for ended in [each for each in self._begun if not each[0] and each[1] is not DONE]:
            self._begun.remove(ended)
            start = ended[1]
            for word, state in self._choices.after(start, brief):
                tokens = tuple(self._spell(word if word == END else f" {word}"))
                self._begun.add((tokens, state, start))
