"""A column of Arrow as Python values, whatever its cells hold: what Python has no value for becomes a text."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

UNREADABLE = (ValueError, OverflowError, NotImplementedError)
"""What pyarrow raises for nanoseconds, years beyond 9999, unknown time zones, or bytes that are no UTF-8."""

NANOSECONDS = "duration[ns]"
"""The type of which pyarrow makes objects of pandas, wherever that is installed, with texts of their own."""


def read_cells(column: Any) -> list[Any]:
    """The values of a column; one by one where not all of them can be had at once."""
    if str(column.type) == NANOSECONDS:
        return [_read_duration(scalar.value) for scalar in column]
    try:
        values: list[Any] = column.to_pylist()
    except UNREADABLE:
        values = [_read_cell(scalar) for scalar in column]
    return values


def _read_duration(nanoseconds: int | None) -> timedelta | str | None:
    microseconds, rest = divmod(nanoseconds or 0, 1000)
    if nanoseconds is None:
        return None
    return str(nanoseconds) if rest else timedelta(microseconds=microseconds)


def _read_cell(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except UNREADABLE:
        pass
    if hasattr(scalar, "as_buffer"):  # a text of other bytes than UTF-8, which stay in it as in the names of files
        return scalar.as_buffer().to_pybytes().decode(errors="surrogateescape")
    if hasattr(scalar, "dictionary"):
        return _read_cell(scalar.value)
    parts = getattr(scalar, "values", None)
    if callable(parts):  # a method of a struct, which is a mapping
        names = [field.name for field in scalar.type]
        if len(set(names)) == len(names):
            return {name: _read_cell(scalar[name]) for name in names}
    elif parts is not None:  # of a list, or of a map, whose entries are structs
        return [_read_cell(part) for part in parts]
    return _describe(scalar)


def _describe(scalar: Any) -> str:
    """As pyarrow writes it; of what it cannot write, the number that is stored."""
    for write in (lambda: scalar.cast("string").as_py(), lambda: str(scalar), lambda: str(scalar.value)):
        try:
            return str(write())
        except (*UNREADABLE, AttributeError):
            continue
    return "\N{REPLACEMENT CHARACTER}"
