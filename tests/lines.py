"""Whether a line can be written about an instruction, walked word by word."""

from __future__ import annotations

from editjudge.parsing.choices import DONE, END, Choices, State


def follow(line: str, said: list[str]) -> bool:
    """Whether a line can be written about an instruction of these words."""
    states, choices = {State()}, Choices(said)
    for word in [*line.split(), END]:
        states = {after for state in states for each, after in choices.after(state) if each == word}
    return states == {DONE}
