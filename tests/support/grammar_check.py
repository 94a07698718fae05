"""Whether the parser's grammar allows a line, found by walking it word by word."""

from __future__ import annotations

from editjudge.parser.grammar import DONE, END, PLUS, Grammar, State
from editjudge.parser.words import find_words


def can_be_written(line: str, text: str) -> bool:
    """Whether the grammar lets a model write this line about an instruction (`normalize.normalize`)."""
    states, choices = {State()}, Grammar(find_words(text))
    end = [] if line.endswith(f" {PLUS}") else [END]
    for word in [*line.split(), *end]:
        states = {state for before in states - {DONE} for choice, state in choices.next_words(before) if choice == word}
    return states == {DONE}
