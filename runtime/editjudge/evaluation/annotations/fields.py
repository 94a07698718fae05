"""Checks what a file says of a difference, value by value. What is wrong raises ValueError, in words that follow the
name of the item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from editjudge.errors import quote_value
from editjudge.metrics.dice.difference import CHANGES, Change, Corners
from editjudge.utils.arguments import PROBABILITY, Accepted, whole_number

BEYOND = 1e-4
"""How far beyond the picture, in shares of it, a box may reach that was rounded; it ends at the picture's side."""
SIDE = whole_number(1, 2**31 - 1)


def read_text(item: Mapping[str, Any], key: str) -> str:
    """A text that is there and not empty."""
    text = item.get(key)
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"has {quote_value(text)} for {key}; give a text")
    return text


def read_optional_text(item: Mapping[str, Any], key: str) -> str | None:
    """A text; None for an empty one and where there is none."""
    text = item.get(key)
    if text is not None and not isinstance(text, str):
        raise ValueError(f"has {quote_value(text)} for {key}; give a text or null")
    return text if text and text.strip() else None


def read_change(value: object) -> Change:
    """ADD, REMOVE or EDIT, in any case."""
    command = value.strip().upper() if isinstance(value, str) else None
    for change in CHANGES:
        if command == change:
            return change
    raise ValueError(f"has the command {quote_value(value)}; it must be one of {', '.join(CHANGES)}")


def read_confidence(item: Mapping[str, Any]) -> float | None:
    """None where there is none."""
    confidence = item.get("confidence")
    if confidence is None:
        return None
    if not PROBABILITY.holds(confidence):
        raise ValueError(f"has {quote_value(confidence)} for confidence; give {PROBABILITY.wanted}")
    return float(confidence)


def read_whole_number(item: Mapping[str, Any], key: str, accepted: Accepted) -> int:
    """One of those that are accepted."""
    number = item.get(key)
    if not accepted.holds(number) or not isinstance(number, int):
        raise ValueError(f"has {quote_value(number)} for {key}; give {accepted.wanted}")
    return number


def read_flag(item: Mapping[str, Any], key: str) -> bool | None:
    """True, false, or null."""
    flag = item.get(key)
    if flag is not None and not isinstance(flag, bool):
        raise ValueError(f"has {quote_value(flag)} for {key}; give true, false or null")
    return flag


def read_size(item: Mapping[str, Any]) -> tuple[int, int] | None:
    """The width and height in pixels; None where neither is given."""
    if item.get("width") is None and item.get("height") is None:
        return None
    return read_whole_number(item, "width", SIDE), read_whole_number(item, "height", SIDE)


def read_box(item: Mapping[str, Any], key: str, size: tuple[int, int] | None) -> Corners:
    """x0, y0, x1, y1 in shares of the picture, from pixels of one of this size, or from shares where there is none."""
    sides = item.get(key)
    if sides is None:
        raise ValueError(f"has no {key}; give its four sides x0, y0, x1, y1")
    if not isinstance(sides, list) or len(sides) != 4:
        raise ValueError(f"has a {key} that is no list of four numbers; give its sides x0, y0, x1, y1")
    shares = [_read_side(side, key, length) for side, length in zip(sides, (size or (1, 1)) * 2, strict=True)]
    x0, y0, x1, y1 = shares
    if x1 < x0 or y1 < y0:
        raise ValueError(f"has the {key} {sides}, which is turned inside out; give x0, y0, x1, y1, top left first")
    return x0, y0, x1, y1


def _read_side(side: Any, key: str, length: int) -> float:
    if isinstance(side, bool) or not isinstance(side, int | float):
        raise ValueError(f"has {quote_value(side)} in its {key}; give four numbers")
    if not -BEYOND * length <= side <= (1 + BEYOND) * length:  # which NaN is not, either
        wanted = "shares of the picture, 0 to 1" if length == 1 else f"pixels of the picture, 0 to {length:,} there"
        raise ValueError(f"has {quote_value(side)} in its {key}, which is outside of the picture; give {wanted}")
    return min(1.0, max(0.0, float(side) / length))
