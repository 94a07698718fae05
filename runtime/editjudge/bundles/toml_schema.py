"""Tables of a TOML file as dataclasses, read strictly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from editjudge.utils.text import printable

Kind = TypeVar("Kind")


LONGEST_TEXT = 500
"""Characters of a text."""
MOST_ITEMS = 64
"""Of a list whose length is not fixed."""


class OneOf(tuple[str, ...]):
    """The texts that a value may be, as `Annotated[str, OneOf(...)]`: for lists that are known at run time alone."""


@dataclass(frozen=True)
class Between:
    """The least and the largest that a number may be, as `Annotated[int, Between(1, 64)]`; every number has both."""

    least: float
    most: float


def read_table(kind: type[Kind], table: object, where: str) -> Kind:
    """Builds a dataclass from a table: every key known, every value of the declared type. Raises ValueError."""
    if not isinstance(table, dict):
        raise ValueError(f"{where} must be a table")
    check_keys(kind, table, where)
    hints = get_type_hints(kind, include_extras=True)
    values = {key: check_value(value, hints[key], f"{key} in {where}") for key, value in table.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def check_keys(kind: type, table: Mapping[str, object], where: str) -> None:
    """Raises ValueError for a key that the dataclass does not have, or one that it needs and the table lacks."""
    unknown, missing = compare_keys(kind, table)
    if unknown:
        names = shorten(", ".join(unknown))
        raise ValueError(f"{where} has keys that are not known: {names}; upgrade editjudge or remove them")
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}")


def compare_keys(kind: type, table: Mapping[str, object]) -> tuple[list[str], list[str]]:
    """The keys that the dataclass does not have, and those that it needs and the table lacks, both sorted."""
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    return sorted(set(table) - {field.name for field in fields(kind)}), sorted(needed - set(table))


def check_value(value: Any, hint: Any, where: str) -> Any:
    """The value as the type hint has it: a list becomes a tuple, an int a float. Raises ValueError.

    Numbers must be finite, though TOML knows nan and inf: no comparison with them means anything. Texts must be short,
    and show as they are: they are printed.
    """
    options = get_args(hint)
    if get_origin(hint) in (UnionType, Union):
        hint = next(option for option in options if option is not type(None))
        options = get_args(hint)
    if get_origin(hint) is Annotated:
        hint, limit = options
        if isinstance(limit, Between):
            return _check_range(check_value(value, hint, where), limit, where)
        return _check_choice(value, limit, where)
    if get_origin(hint) is Literal:
        return _check_choice(value, options, where)
    if get_origin(hint) is tuple:
        return _check_list(value, options, where)
    if hint is float and type(value) is int:
        value = _as_float(value)
    if type(value) is not hint:
        kind = {int: "a whole number", float: "a number", str: "a text"}[hint]
        raise ValueError(f"{where} is {show_value(value)}; it must be {kind}")
    if type(value) is float and not math.isfinite(value):
        raise ValueError(f"{where} is {value}; it must be a finite number")
    if type(value) is str and (len(value) > LONGEST_TEXT or printable(value) != value):
        raise ValueError(f"{where} is {show_value(value)}; it must be at most {LONGEST_TEXT} characters that all show")
    return value


def shorten(text: str) -> str:
    """The beginning of a text, for a message."""
    return text if len(text) <= 80 else f"{text[:77]}..."


def _check_choice(value: Any, options: tuple[str, ...], where: str) -> Any:
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{where} is {show_value(value)}; it must be one of {', '.join(options)}")
    return value


def _check_list(value: Any, options: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if Ellipsis in options:
        if not isinstance(value, list) or len(value) > MOST_ITEMS:
            raise ValueError(f"{where} must be a list of at most {MOST_ITEMS}")
        return tuple(check_value(item, options[0], where) for item in value)
    if not isinstance(value, list) or len(value) != len(options):
        raise ValueError(f"{where} must be a list of {len(options)} numbers")
    return tuple(check_value(item, option, where) for item, option in zip(value, options, strict=True))


def _check_range(value: Any, limit: Between, where: str) -> Any:
    if not limit.least <= value <= limit.most:
        wanted = f"from {limit.least:,} to {limit.most:,}" if limit.least < limit.most else f"{limit.least:,}"
        raise ValueError(f"{where} is {show_value(value)}; it must be {wanted}")
    return value


def show_value(value: object) -> str:
    """A value for a message; one that is nested deeply cannot be shown, and a long number takes long."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    if isinstance(value, int) and abs(value) >= 10**15:
        return "a number of more than 15 digits"
    return shorten(repr(value[:100] if isinstance(value, str) else value))


def _as_float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
