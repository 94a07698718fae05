"""A table of scores: columns by name, rows of candidates, read from CSV, JSON lines or parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.datasets.format import Broken
from editjudge.datasets.readers.arrow import pyarrow
from editjudge.datasets.readers.arrow_cells import read_cells
from editjudge.datasets.readers.delimited import DELIMITERS, open_rows
from editjudge.datasets.readers.text import MARK, parse_json
from editjudge.datasets.readers.text_file import open_text, read_lines
from editjudge.errors import InputError, quote_value
from editjudge.utils.arguments import PATH, TEXT, Accepted
from editjudge.utils.text import SURROGATES, shorten

Numbers = NDArray[np.float64]
"""float64[N], NaN where there is none."""
Columns = Mapping[str, Sequence[Any]]
COLUMNS = Accepted(
    lambda columns: isinstance(columns, Mapping) and all(map(_is_column, columns, columns.values())),
    "a dictionary of lists by the names of columns",
)


@dataclass(frozen=True)
class ScoreTable:
    """Columns of one length, under the name that messages use."""

    name: str
    columns: Columns

    def __post_init__(self) -> None:
        TEXT.check(name=self.name)
        COLUMNS.check(columns=self.columns)
        if len({len(column) for column in self.columns.values()}) > 1:
            raise InputError(f"the columns of {self.name} are not of one length; give each a value in every row")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __contains__(self, column: str) -> bool:
        """Whether the table has the column, with at least one value."""
        return any(_is_filled(value) for value in self.columns.get(column, ()))

    def column(self, name: str, remedy: str) -> Sequence[Any]:
        """The column as it was read. Raises InputError, with the `remedy`, where it is missing."""
        if name not in self:
            what = "holds nothing in the column" if name in self.columns else "has no column"
            raise InputError(f"{self.name} {what} {shorten(name)}; {remedy}")
        return self.columns[name]

    def numbers(self, name: str, remedy: str) -> Numbers:
        """float64[N], NaN where there is no number. Raises InputError."""
        numbers = np.full(len(self), np.nan)
        for row, value in enumerate(self.column(name, remedy)):
            try:
                numbers[row] = float(value) if _is_filled(value) else np.nan
            except (TypeError, ValueError) as error:
                cell = f"{str(value)[:40]!r} in the column {name}, row {row + 1}"
                raise InputError(f"{self.name} has {cell}; it must be a number") from error
        return numbers

    def measurements(self, name: str, remedy: str) -> Numbers:
        """As `numbers`, but a column that is there and holds nothing is one of what could not be measured."""
        is_empty = name in self.columns and name not in self
        return np.full(len(self), np.nan) if is_empty else self.numbers(name, remedy)

    def texts(self, name: str, remedy: str) -> list[str | None]:
        """The column as texts, None where a cell is empty. Raises InputError."""
        return [str(value) if _is_filled(value) else None for value in self.column(name, remedy)]

    def labels(self, name: str) -> list[str]:
        """The column as texts; empty texts for empty cells, and throughout where there is no such column."""
        return [str(value) if _is_filled(value) else "" for value in self.columns.get(name, [""] * len(self))]

    def pick(self, mask: NDArray[np.bool_]) -> ScoreTable:
        """The rows where bool[N] is true."""
        rows = np.flatnonzero(mask).tolist()
        return ScoreTable(self.name, {name: [values[row] for row in rows] for name, values in self.columns.items()})

    def where(self, column: str, value: str) -> ScoreTable:
        """The rows with this text in the column. Raises InputError where there are none."""
        TEXT.check(column=column, value=value)
        rows = self.pick(np.array([text == value for text in self.texts(column, "choose another")], dtype=bool))
        if not len(rows):
            raise InputError(
                f"{self.name} has no row with {quote_value(value)} in {shorten(column)}; choose another value"
            )
        return rows

    def drop_errors(self) -> ScoreTable:
        """The rows that were scored: those without an error, and those whose error is that of a judge beside it."""
        told = zip(self.labels("error"), self.labels("headline"), strict=True)
        return self.pick(np.array([not error or headline != "" for error, headline in told], dtype=bool))

    def with_columns(self, columns: Columns) -> ScoreTable:
        """The table with columns replaced or added."""
        return ScoreTable(self.name, {**self.columns, **columns})


def _is_column(name: object, values: object) -> bool:
    return isinstance(name, str) and isinstance(values, list | tuple | np.ndarray)


def _is_filled(value: Any) -> bool:
    return value is not None and value != "" and not (isinstance(value, float) and np.isnan(value))


def read_scores(path: str | PathLike[str]) -> ScoreTable:
    """Reads a table of scores by its ending: .csv, .jsonl or .parquet. Raises InputError, DeviceError."""
    PATH.check(path=path)
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{shorten(str(path))} is no table of scores: its name must end in {', '.join(READERS)}")
    try:
        table = ScoreTable(path.name, reader(path))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot read {shorten(str(path))}: {reason}; check the path") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged: {error}; write it again with editjudge score-dataset") from error
    if not len(table):
        raise InputError(f"{path} has no rows; score a data set first: editjudge score-dataset --help")
    return table


def _read_csv(path: Path) -> Columns:
    with open_text(path) as file:
        header, rows = open_rows(_check_lines(read_lines(file, str(path))), DELIMITERS[".csv"], path.name)
        cells = [_check_cells(row, number, header) for number, row in enumerate(rows, 1)]
    return dict(zip(header, zip(*cells, strict=True), strict=False))


def _check_lines(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if SURROGATES.search(line):
            raise ValueError(f"line {number} is not UTF-8")
        yield line


def _check_cells(row: Sequence[str] | Broken, number: int, header: Sequence[str]) -> Sequence[str]:
    if isinstance(row, Broken):
        raise ValueError(row)
    if len(row) != len(header):
        raise ValueError(f"row {number} has {len(row)} cells under {len(header)} names")
    return row


def _read_jsonl(path: Path) -> Columns:
    with open_text(path) as file:
        rows = [parse_json(line.lstrip(MARK)) for line in _check_lines(read_lines(file, str(path))) if line.strip()]
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise ValueError(f"row {number} is not an object")
    return {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}


def _read_parquet(path: Path) -> Columns:
    """Pictures, which the input's columns may hold, are not read."""
    arrow = pyarrow()
    file = arrow.parquet.ParquetFile(path)
    heavy = (arrow.types.is_struct, arrow.types.is_binary, arrow.types.is_large_binary)
    light = [field.name for field in file.schema_arrow if not any(kind(field.type) for kind in heavy)]
    return {name: read_cells(column) for name, column in zip(light, file.read(columns=light).columns, strict=True)}


READERS: Mapping[str, Callable[[Path], Columns]] = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}
