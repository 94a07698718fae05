"""Writes a table of scores as CSV, JSON lines or parquet: whole, or not at all. An infinite number is null in JSON."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from editjudge import atomic
from editjudge.batch.columns import Kind, Values
from editjudge.datasets.arrow import pyarrow
from editjudge.errors import InputError
from editjudge.jsonable import to_json

GROUP = 1000
"""Rows in memory while parquet is written, and in a group of its rows."""
INPUT = "input."
"""Goes before a column of the data set that has the name of one that scoring adds."""

Rows = Callable[[], Iterator[Values]]
"""Gives the rows from the first one on; it is called more than once."""
Writer = Callable[[Path, Mapping[str, Kind | None], Iterator[Values]], None]


def check_output(path: Path) -> None:
    """Raises, before any work is done, InputError for a file that could not be written, and DeviceError for one that
    needs a missing package."""
    _writer(path)
    atomic.check_writable(path)


def write_table(path: Path, rows: Rows, added: Mapping[str, Kind]) -> None:
    """Writes the rows, each with all columns: first those of the data set, then those that scoring added."""
    kinds: dict[str, Kind | None] = {}
    for row in rows():
        for name, value in row.items():
            if name not in added:
                kinds[name] = _kind(value, kinds.get(name))
    with atomic.replacing(path) as temporary:
        _writer(path)(temporary, {**kinds, **added}, rows())
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())


def merged(columns: Mapping[str, Any], values: Values, added: Mapping[str, Kind]) -> Values:
    """A row of the output: the data set's own columns, and what scoring added."""
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


def _write_csv(path: Path, kinds: Mapping[str, Kind | None], rows: Iterator[Values]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(kinds)
        for row in rows:
            writer.writerow([_as_text(row.get(name)) for name in kinds])


def _write_json_lines(path: Path, kinds: Mapping[str, Kind | None], rows: Iterator[Values]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(f"{to_json({name: row.get(name) for name in kinds})}\n")


def _write_parquet(path: Path, kinds: Mapping[str, Kind | None], rows: Iterator[Values]) -> None:
    arrow = pyarrow()
    box = arrow.struct(
        {"phrase": arrow.string(), "box": arrow.list_(arrow.float64()), "score": arrow.float64()}.items()
    )
    types = {
        "number": arrow.float64(),
        "whole": arrow.int64(),
        "truth": arrow.bool_(),
        "text": arrow.string(),
        "texts": arrow.list_(arrow.string()),
        "boxes": arrow.list_(box),
        None: arrow.string(),
    }
    schema = arrow.schema([(name, types[kind]) for name, kind in kinds.items()])
    with arrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(rows, GROUP)):
            cells = {
                name: [_as_text(row.get(name)) if kind == "text" else row.get(name) for row in group]
                for name, kind in kinds.items()
            }
            writer.write_table(arrow.table(cells, schema))


def _kind(value: Any, before: Kind | None) -> Kind | None:
    """What a column of the data set holds, with one more of its values; mixed values are written as texts."""
    if value is None:
        return before
    found: Kind = "text"
    if isinstance(value, bool):
        found = "truth"
    elif isinstance(value, int) and abs(value) < 2**63:
        found = "whole"
    elif isinstance(value, float):
        found = "number"
    if before is None or before == found:
        return found
    return "number" if {before, found} == {"whole", "number"} else "text"


def _as_text(value: Any) -> str | None:
    """Texts as they are, and nothing for None and NaN; everything else as JSON, which has no word for infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value if value is None or isinstance(value, str) else to_json(value)
