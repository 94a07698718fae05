"""Whether the parser's grammar allows a line, found by walking it word by word."""

from __future__ import annotations

from collections.abc import Sequence

from editjudge.parser.grammar import DONE, END, Grammar, State


def can_be_written(line: str, words: Sequence[str]) -> bool:
    """Whether the grammar lets a model write this line about an instruction of these words."""
    states, choices = {State()}, Grammar(words)
    for word in [*line.split(), END]:
        states = {state for before in states for choice, state in choices.next_words(before) if choice == word}
    return states == {DONE}
