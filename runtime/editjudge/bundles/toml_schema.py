"""Tables of a TOML file as dataclasses, read strictly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


class OneOf(tuple[str, ...]):
    """The texts that a value may be, as `Annotated[str, OneOf(...)]`: for lists that are known at run time alone."""


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
        names = ", ".join(unknown)
        raise ValueError(f"{where} has keys that are not known: {names}; upgrade editjudge or remove them")
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}")


def compare_keys(kind: type, table: Mapping[str, object]) -> tuple[list[str], list[str]]:
    """The keys that the dataclass does not have, and those that it needs and the table lacks, both sorted."""
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    return sorted(set(table) - {field.name for field in fields(kind)}), sorted(needed - set(table))


def check_value(value: Any, hint: Any, where: str) -> Any:
    """The value as the type hint has it: a list becomes a tuple, an int a float. Raises ValueError.

    Numbers must be finite, though TOML knows nan and inf: no comparison with them means anything.
    """
    options = get_args(hint)
    if get_origin(hint) in (Literal, Annotated):
        options = options[1] if get_origin(hint) is Annotated else options
        if value not in options:
            raise ValueError(f"{where} is {value!r}; it must be one of {', '.join(options)}")
        return value
    if get_origin(hint) is tuple and Ellipsis in options:
        if not isinstance(value, list):
            raise ValueError(f"{where} must be a list")
        return tuple(check_value(item, options[0], where) for item in value)
    if get_origin(hint) is tuple:
        if not isinstance(value, list) or len(value) != len(options):
            raise ValueError(f"{where} must be a list of {len(options)} numbers")
        return tuple(check_value(item, option, where) for item, option in zip(value, options, strict=True))
    if type(None) in options:
        hint = options[0]
    if hint is float and type(value) is int:
        value = _as_float(value)
    if type(value) is not hint:
        kind = {int: "a whole number", float: "a number", str: "a text"}[hint]
        raise ValueError(f"{where} is {value!r}; it must be {kind}")
    if type(value) is float and not math.isfinite(value):
        raise ValueError(f"{where} is {value}; it must be a finite number")
    return value


def _as_float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
