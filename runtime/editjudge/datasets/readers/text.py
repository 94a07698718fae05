"""Tables of text as records: CSV, TSV, JSON and JSON lines. Parquet and Arrow are in `arrow`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from editjudge.datasets.format import Record
from editjudge.errors import InputError

SAMPLE = 100
"""Records that are searched for the names of columns."""
LONGEST_CELL = 2**31 - 1
"""Characters; by default the csv module raises an error at a long cell."""
DELIMITERS = {".csv": ",", ".tsv": "\t"}


class Broken(str):
    """Stands in place of a record that cannot be read, and says why."""


class TextTable:
    """Records in a fixed order, and the files that they come from.

    Args:
        read: Gives all records, each time that it is called.
    """

    def __init__(self, files: Sequence[Path], read: Callable[[], Iterable[Record | Broken]]) -> None:
        self.files = files
        self._read = read

    @cached_property
    def columns(self) -> frozenset[str]:
        sample = self.records(0, SAMPLE, frozenset())
        return frozenset(name for record in sample if isinstance(record, dict) for name in record)

    @cached_property
    def _length(self) -> int:
        return sum(1 for _ in self._read())

    def __len__(self) -> int:
        return self._length

    def records(self, start: int, stop: int, pictures: frozenset[str]) -> Iterator[Record | Broken]:
        """The records from `start` to before `stop`, whatever the pictures: text holds only their names."""
        return islice(self._read(), start, stop)


def open_lines(path: Path) -> TextTable:
    """Opens a file that is read line by line: CSV, TSV, or a JSON object per line."""

    def read() -> Iterator[Record | Broken]:
        # An invalid byte of UTF-8 spoils its row and not the rest of the file.
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            delimiter = DELIMITERS.get(path.suffix.lower())
            yield from _parse_csv(lines, delimiter) if delimiter else _parse_json_lines(lines)

    return TextTable((path,), read)


def read_json(path: Path) -> TextTable:
    """Reads a list of objects, or objects by their keys, which become a column `key`. Raises InputError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON ({error}); name a file of objects one a line .jsonl") from error
    if isinstance(content, dict):
        content = [{"key": key, **value} if isinstance(value, dict) else value for key, value in content.items()]
    if not isinstance(content, list):
        raise InputError(f"{path} holds no list of objects; each row must be an object with its columns")
    records = [_check_record(value, number) for number, value in enumerate(content, 1)]
    return TextTable((path,), lambda: records)


def _parse_csv(lines: Iterable[str], delimiter: str) -> Iterator[Record | Broken]:
    csv.field_size_limit(LONGEST_CELL)
    for number, record in enumerate(csv.DictReader(lines, delimiter=delimiter), 1):
        yield Broken(f"row {number} has more cells than there are columns") if None in record else record


def _parse_json_lines(lines: Iterable[str]) -> Iterator[Record | Broken]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _check_record(json.loads(line), number)
            except (ValueError, RecursionError) as error:
                yield Broken(f"line {number} is no JSON ({error})")


def _check_record(value: Any, number: int) -> Record | Broken:
    return value if isinstance(value, dict) else Broken(f"row {number} is no object with columns")
