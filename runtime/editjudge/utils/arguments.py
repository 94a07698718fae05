"""What callers may hand in: anything else is refused in one sentence that names the argument and says what to give.

>>> TEXT.check(device=7)
Traceback (most recent call last):
editjudge.errors.InputError: device is 7; give a text
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from editjudge.errors import EditJudgeError, InputError, quote_value

LONGEST_PATH = 4096
"""Characters of the longest path that a system opens."""
MOST_THREADS = 1024
"""More than any processor has cores; ONNX Runtime starts as many as it is told to, and dies where it cannot."""


@dataclass(frozen=True)
class Accepted:
    """What an argument may be.

    Attributes:
        holds: Whether a value is one of these.
        wanted: What they are, in words that follow "give".
        error: What is raised for others.
    """

    holds: Callable[[Any], bool]
    wanted: str
    error: type[EditJudgeError] = InputError

    def check(self, **arguments: object) -> None:
        """Raises `error` for the first of the arguments, by their names, that is not what it may be."""
        for name, value in arguments.items():
            if not self.holds(value):
                raise self.error(f"{name} is {quote_value(value)}; give {self.wanted}")

    def or_none(self, meaning: str) -> Accepted:
        """The same, or None, which stands for what `meaning` says."""
        return Accepted(lambda value: value is None or self.holds(value), f"{self.wanted}, or None for {meaning}")


def whole_number(low: int, high: int) -> Accepted:
    """Whole numbers of Python or NumPy from `low` to `high`; True and False are none."""
    return Accepted(lambda value: _is_whole(value) and low <= value <= high, f"a whole number from {low:,} to {high:,}")


def number(low: float, high: float) -> Accepted:
    """Numbers of Python or NumPy from `low` to `high`; True, False and NaN are none."""
    return Accepted(lambda value: _is_real(value) and low <= value <= high, f"a number from {low:g} to {high:g}")


def instance(kind: type | tuple[type, ...], wanted: str, error: type[EditJudgeError] = InputError) -> Accepted:
    """Objects of a class."""
    return Accepted(lambda value: isinstance(value, kind), wanted, error)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_real(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_path(value: object) -> bool:
    try:
        text = os.fspath(value)  # type: ignore[call-overload]
    except Exception:  # of what is none; and anything may have a `__fspath__`, what it raises is not bounded
        return False
    return isinstance(text, str) and len(text) <= LONGEST_PATH


TEXT = instance(str, "a text")
TEXTS = Accepted(
    lambda value: isinstance(value, list | tuple) and all(isinstance(item, str) for item in value), "a list of texts"
)
PATH = Accepted(_is_path, "a path, as a text or a pathlib.Path")
NUMBER = number(-math.inf, math.inf)
FLAG = instance(bool, "True or False")
FUNCTION = Accepted(callable, "a function")
THREADS = whole_number(1, MOST_THREADS).or_none("as many as suit the machine")
PROBABILITY = number(0, 1)
MAPPING = instance(Mapping, "a dictionary")
SEVERAL = Accepted(lambda value: isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping), "a list")
