"""Tables of a TOML file as dataclasses, read strictly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


def read_table(kind: type[Kind], table: object, where: str) -> Kind:
    """Builds a dataclass from a table: every key known, every value of the declared type. Raises ValueError."""
    if not isinstance(table, dict):
        raise ValueError(f"{where} must be a table")
    check_keys(kind, table, where)
    hints = get_type_hints(kind)
    values = {key: check_value(value, hints[key], f"{key} in {where}") for key, value in table.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def check_keys(kind: type, table: Mapping[str, object], where: str) -> None:
    """Raises ValueError for a key that the dataclass does not have, or one that it needs and the table lacks."""
    known = {each.name: each.default is MISSING for each in fields(kind)}
    unknown = set(table) - set(known)
    if unknown:
        raise ValueError(f"{where} has keys that are not known: {listed(unknown)}; upgrade editjudge or remove them")
    missing = {name for name, needed in known.items() if needed} - set(table)
    if missing:
        raise ValueError(f"{where} lacks {listed(missing)}")


def check_value(value: Any, hint: Any, where: str) -> Any:
    """The value as the type hint has it: a list becomes a tuple, an int a float. Raises ValueError."""
    options = get_args(hint)
    if get_origin(hint) is Literal:
        if value not in options:
            raise ValueError(f"{where} is {value!r}; it must be one of {', '.join(options)}")
        return value
    if get_origin(hint) is tuple and Ellipsis in options:
        if not isinstance(value, list):
            raise ValueError(f"{where} must be a list")
        return tuple(check_value(each, options[0], where) for each in value)
    if get_origin(hint) is tuple:
        if not isinstance(value, list) or len(value) != len(options):
            raise ValueError(f"{where} must be a list of {len(options)} numbers")
        return tuple(check_value(each, option, where) for each, option in zip(value, options, strict=True))
    if type(None) in options:
        hint = options[0]
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        named = {int: "a whole number", float: "a number", str: "a text"}[hint]
        raise ValueError(f"{where} is {value!r}; it must be {named}")
    return value


def listed(names: Iterable[str]) -> str:
    """The names, sorted, as a sentence lists them."""
    return ", ".join(sorted(names))
