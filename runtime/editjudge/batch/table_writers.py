"""Writes a table of scores as CSV, JSON lines or parquet: whole, or not at all. An infinite number is null in JSON."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from editjudge.batch.score_columns import ColumnKind, Values
from editjudge.datasets.readers.arrow import pyarrow
from editjudge.errors import InputError
from editjudge.utils import atomic_file
from editjudge.utils.json_safe import to_json

GROUP = 1000
"""Rows in memory while parquet is written, and in a row group."""
INPUT = "input."
"""Prefix of a column of the data set that has the name of one that scoring adds."""

Writer = Callable[[Path, Mapping[str, ColumnKind | None], Iterator[Values]], None]


def check_output(path: Path) -> None:
    """Raises InputError for a file that cannot be written, and DeviceError where that needs a missing package."""
    _writer(path)
    atomic_file.check_writable(path)


def write_table(path: Path, rows: Callable[[], Iterator[Values]], added: Mapping[str, ColumnKind]) -> None:
    """Writes the rows that every call of `rows` gives, with all columns: the data set's, then those of scoring."""
    kinds: dict[str, ColumnKind | None] = {}
    for row in rows():
        for name, value in row.items():
            if name not in added:
                kinds[name] = _kind(value, kinds.get(name))
    with atomic_file.replace_file(path) as temporary:
        _writer(path)(temporary, {**kinds, **added}, rows())
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())


def merge_row(columns: Mapping[str, Any], values: Values, added: Mapping[str, ColumnKind]) -> Values:
    """A row of the output: the data set's own cells, and those that scoring added."""
    return {**{f"{INPUT}{name}" if name in added else name: cell for name, cell in columns.items()}, **values}


def _writer(path: Path) -> Writer:
    match path.suffix.lower():
        case ".csv":
            return _write_csv
        case ".jsonl":
            return _write_json_lines
        case ".parquet":
            pyarrow()
            return _write_parquet
    raise InputError(f"cannot write {path}: its name must end in .parquet, .csv or .jsonl")


def _write_csv(path: Path, kinds: Mapping[str, ColumnKind | None], rows: Iterator[Values]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(kinds)
        for row in rows:
            writer.writerow([_as_text(row.get(name)) for name in kinds])


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
        "text": text, "texts": arrow.list_(text), "numbers": arrow.list_(number), "boxes": arrow.list_(box), None: text,
    }  # fmt: skip
    schema = arrow.schema([(name, types[kind]) for name, kind in kinds.items()])
    with arrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(rows, GROUP)):
            records = [
                {name: _as_text(cell) if kinds[name] == "text" else cell for name, cell in row.items()} for row in group
            ]
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


def _as_text(value: Any) -> str | None:
    """Texts as they are, None for NaN, and everything else as JSON, except for infinity, which JSON lacks."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value if value is None or isinstance(value, str) else to_json(value)
