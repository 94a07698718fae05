"""CSV and its relatives as rows of cells, read strictly: a quote that is not closed spoils its own row and no other."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from editjudge.datasets.format import Broken, Record
from editjudge.datasets.formulas import unescape_formula
from editjudge.errors import InputError
from editjudge.utils.forks import new_lock
from editjudge.utils.text import replace_surrogates

Cells = list[str]
DELIMITERS = {".csv": ",", ".tsv": "\t"}
OTHERS = (",", ";", "\t", "|")
"""What the cells of a .csv may be separated by instead: spreadsheets write what the country's settings say."""
SEPARATOR = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)
"""The line before the header by which a spreadsheet is told the delimiter."""
LONGEST_CELL = 2**31 - 1
"""Characters; a picture may be in a cell. The csv module's own limit, which is one for the whole process, is lifted
only while such a cell is read."""
LONGEST_ROW = 1000
"""Lines of one row. A quote that is not closed would take all that follow."""
_lifting = new_lock()


def open_rows(lines: Iterable[str], delimiter: str, name: str) -> tuple[Cells, Iterator[Cells | Broken]]:
    """The names of the columns, and the rows below them, without blank lines.

    Args:
        delimiter: The one to expect; the header may show another.
        name: Of the file, for messages.

    Raises InputError for a header that cannot be used. A row that cannot be read is Broken.
    """
    source = _Lines(lines)
    dialect = _Dialect(source, delimiter)
    rows = _read_rows(source, dialect, 0)
    header = next(rows, [])
    if isinstance(header, Broken):
        raise InputError(f"{name} has no header that can be read: {header}")
    names = [replace_surrogates(cell).strip() for cell in header]
    if any("\0" in cell for cell in names):
        raise InputError(f"{name} is no text; save it as CSV in UTF-8")
    if doubles := [cell for cell, count in Counter(names).items() if cell and count > 1]:
        raise InputError(f"{name} has more than one column {doubles[0]}; rename the others")
    return names, _read_rows(source, dialect, len(names))


def read_records(lines: Iterable[str], delimiter: str, name: str) -> Iterator[Record | Broken]:
    """The rows as cells by column, None for those that are missing at the end of a row; see `open_rows`."""
    names, rows = open_rows(lines, delimiter, name)
    columns = [column or f"column {number}" for number, column in enumerate(names, 1)]
    is_named = [bool(column) for column in names]
    for number, cells in enumerate(rows, 1):
        if isinstance(cells, Broken):
            yield cells
        elif any(cell.strip() for cell in cells[len(columns) :]):
            yield Broken(f"row {number} has more cells than there are columns; put quotes around a cell with commas")
        else:
            record: Record = dict.fromkeys(column for column, known in zip(columns, is_named, strict=True) if known)
            cells_by_column = zip(columns, cells, is_named, strict=False)
            record.update((column, cell) for column, cell, known in cells_by_column if known or cell.strip())
            yield record


class _Lines:
    """The lines of a file one by one. Those that a row took can be put back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._back: deque[str] = deque()
        self.number = 0
        self.row: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.row) >= LONGEST_ROW:
            raise csv.Error
        line = self._back.popleft() if self._back else next(self._lines).lstrip("\ufeff")
        self.number += 1
        self.row.append(line)
        return line

    def begin_row(self) -> None:
        self.row = []

    def put_back(self, kept: int) -> None:
        """All but the first so many lines of the row are there to be read again."""
        back = self.row[kept:]
        self._back.extendleft(reversed(back))
        self.number -= len(back)
        del self.row[kept:]


class _Dialect:
    """How cells are separated, as the header shows it: by what, and whether by a space as well."""

    def __init__(self, source: _Lines, delimiter: str) -> None:
        self.delimiter = delimiter
        self.has_spaces = False
        for line in source:
            if match := SEPARATOR.fullmatch(line):
                self.delimiter = match[1]
            elif line.strip():
                # The expected one goes first: of equals, max takes the first.
                self.delimiter = max((self.delimiter, *OTHERS), key=lambda mark: len(_split(line, mark)))
                self.has_spaces = any(cell.startswith(" ") for cell in _split(line, self.delimiter)[1:])
                source.put_back(0)
                return
            source.begin_row()

    def open(self, source: _Lines) -> Iterator[Cells]:
        return csv.reader(source, delimiter=self.delimiter, skipinitialspace=self.has_spaces, strict=True)


def _split(line: str, delimiter: str) -> Cells:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _read_rows(source: _Lines, dialect: _Dialect, width: int) -> Iterator[Cells | Broken]:
    """Rows that should have so many cells; after a broken one, reading goes on in the line below its first."""
    reader = dialect.open(source)
    while True:
        source.begin_row()
        try:
            cells = _next_cells(reader, source)
            problem = _find_swallowed_row(source.row, dialect.delimiter, width)
        except StopIteration:
            return
        except csv.Error:
            cells, problem = [], "opens a quote that it does not close"
            if len(source.row) == 1 and source.row[0].count('"') % 2 == 0:
                problem = "goes on after a closing quote"
        if problem:
            source.put_back(1)
            yield Broken(
                f"line {source.number} {problem}; a quote within a cell is written twice, and the cell in quotes"
            )
        elif len(cells) > 1 or (cells and cells[0].strip()):
            yield list(map(unescape_formula, cells))


def _next_cells(reader: Iterator[Cells], source: _Lines) -> Cells:
    try:
        return next(reader)
    except csv.Error as error:
        if "field limit" not in str(error):
            raise
    source.put_back(0)
    with _lifting:
        before = csv.field_size_limit(LONGEST_CELL)
        try:
            return next(reader)
        finally:
            csv.field_size_limit(before)


def _find_swallowed_row(lines: list[str], delimiter: str, width: int) -> str | None:
    """What is wrong with a row over several lines, of which one looks like a row of its own.

    Two stray quotes enclose all rows between them in one cell. What is written by hand has spaces after its commas, or
    another number of them.
    """
    if len(lines) == 1 or width < 2 or lines[0].count(delimiter) != width - 1:
        return None
    for line in lines[1:]:
        if line.count(delimiter) == width - 1 and f"{delimiter} " not in line:
            return "opens a quote that is closed only below other rows"
    return None
