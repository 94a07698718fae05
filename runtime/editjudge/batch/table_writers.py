"""Writes a table of scores as CSV, JSON lines or parquet: whole, or not at all.

An infinite number is null in JSON, and a lone surrogate a replacement character everywhere. In CSV, a text that a
spreadsheet would run as a formula stands behind an apostrophe, which `open_dataset` and `read_scores` take away.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from editjudge.batch.score_columns import ColumnKind, Values
from editjudge.datasets.formulas import escape_formula
from editjudge.datasets.readers.arrow import pyarrow
from editjudge.errors import InputError
from editjudge.utils import atomic_file
from editjudge.utils.json_safe import to_json
from editjudge.utils.text import replace_surrogates

GROUP = 1000
"""Rows in memory while parquet is written, and in a row group."""
INPUT = "input."
"""Prefix of a column of the data set that has the name of one that scoring adds, prefixed already or not."""

Writer = Callable[[Path, Mapping[str, ColumnKind | None], Iterator[Values]], None]


def check_output(path: Path) -> None:
    """Raises InputError for a file that cannot be written, and DeviceError where that needs a missing package."""
    _writer(path)
    atomic_file.check_writable(path)


def write_table(
    path: Path, rows: Callable[[], Iterator[Values]], added: Mapping[str, ColumnKind], keep_formulas: bool = False
) -> None:
    """Writes the rows that every call of `rows` gives, with all columns: the data set's, then those of scoring.

    Args:
        keep_formulas: Write texts such as =1+1 to CSV as they are.
    """
    kinds: dict[str, ColumnKind | None] = {}
    for row in rows():
        for name, value in row.items():
            if name not in added:
                kinds[name] = _kind(value, kinds.get(name))
    with atomic_file.replace_file(path) as temporary:
        _writer(path, keep_formulas)(temporary, {**kinds, **added}, rows())
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())


def merge_row(columns: Mapping[str, Any], values: Values, added: Mapping[str, ColumnKind]) -> Values:
    """A row of the output: the data set's own cells, and those that scoring added."""
    return {**{_rename(name, added): cell for name, cell in columns.items()}, **values}


def _rename(name: str, added: Mapping[str, ColumnKind]) -> str:
    """The name that the data set's column has in the output: another one for each, whichever others there are."""
    bare = name
    while bare.startswith(INPUT):
        bare = bare.removeprefix(INPUT)
    return f"{INPUT}{name}" if bare in added else name


def _writer(path: Path, keep_formulas: bool = False) -> Writer:
    match path.suffix.lower():
        case ".csv":
            return partial(_write_csv, secure=str if keep_formulas else escape_formula)
        case ".jsonl":
            return _write_json_lines
        case ".parquet":
            pyarrow()
            return _write_parquet
    raise InputError(f"cannot write {path}: its name must end in .parquet, .csv or .jsonl")


def _write_csv(
    path: Path, kinds: Mapping[str, ColumnKind | None], rows: Iterator[Values], secure: Callable[[str], str]
) -> None:
    """Args: secure: Makes a text, which is not a number's or a list's, one that may be opened."""
    with path.open("w", encoding="utf-8", newline="") as file:
        # The module puts cells in quotes that have a character of a line end: a lone \\r ends a row for many readers.
        writer = csv.writer(_UnixLines(file), lineterminator="\r\n")
        writer.writerow(map(secure, kinds))
        for row in rows:
            cells = ((row.get(name), _as_text(row.get(name))) for name in kinds)
            writer.writerow([secure(text) if text and isinstance(cell, str) else text for cell, text in cells])


class _UnixLines:
    """A file whose rows end in a line feed alone."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> int:
        return self._file.write(row.removesuffix("\r\n") + "\n")


def _write_json_lines(path: Path, kinds: Mapping[str, ColumnKind | None], rows: Iterator[Values]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(f"{to_json({name: row.get(name) for name in kinds})}\n")


def _write_parquet(path: Path, kinds: Mapping[str, ColumnKind | None], rows: Iterator[Values]) -> None:
    arrow = pyarrow()
    text, number = arrow.string(), arrow.float64()
    box = arrow.struct({"phrase": text, "box": arrow.list_(number), "score": number}.items())
    types = {
        "number": number, "whole": arrow.int64(), "truth": arrow.bool_(),
        "text": text, "texts": arrow.list_(text), "numbers": arrow.list_(number), "boxes": arrow.list_(box),
        "places": arrow.list_(arrow.list_(number)), None: text,
    }  # fmt: skip
    schema = arrow.schema([(name, types[kind]) for name, kind in kinds.items()])
    with arrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(rows, GROUP)):
            records = [{name: _as_cell(cell, kinds[name]) for name, cell in row.items()} for row in group]
            writer.write_table(arrow.Table.from_pylist(records, schema))


def _kind(value: Any, before: ColumnKind | None) -> ColumnKind | None:
    """The kind of a column of the data set, with one more of its values; mixed values are written as texts."""
    if value is None:
        return before
    kind: ColumnKind = "text"
    if isinstance(value, bool):
        kind = "truth"
    elif isinstance(value, int) and abs(value) < 2**63:
        kind = "whole"
    elif isinstance(value, float):
        kind = "number"
    if before is None or before == kind:
        return kind
    return "number" if {before, kind} == {"whole", "number"} else "text"


def _as_cell(value: Any, kind: ColumnKind | None) -> Any:
    """The value as a column of parquet of this kind takes it."""
    match kind, value:
        case "text", _:
            return _as_text(value)
        case "number", int():  # pyarrow takes no whole number that a float would round
            return float(value)
        case (("texts" | "boxes"), list() | tuple()):
            return [_clean(part) for part in value]
    return value


def _clean(part: Any) -> Any:
    """A text of a list, or a box with its phrase, without lone surrogates."""
    if isinstance(part, dict):
        return {name: _clean(value) for name, value in part.items()}
    return replace_surrogates(part) if isinstance(part, str) else part


def _as_text(value: Any) -> str | None:
    """Texts without lone surrogates, None for NaN, and all else as JSON, except for infinity, which JSON lacks."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, str):
        return replace_surrogates(value)
    return value if value is None else to_json(value)
