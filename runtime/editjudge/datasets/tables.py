"""Tables of texts as records: CSV, TSV, JSON and JSON lines. Parquet and Arrow are in `arrow`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from editjudge.datasets.form import Record
from editjudge.errors import InputError

SAMPLE = 100
"""Lines that are looked at for the names of columns."""
csv.field_size_limit(2**31 - 1)  # the default ends the reading at a long cell


class Broken(str):
    """Stands where a record would, and says why there is none."""


class Table(Protocol):
    """Records in a fixed order. files: what it is read from."""

    @property
    def files(self) -> Sequence[Path]: ...

    @property
    def columns(self) -> frozenset[str]: ...

    def __len__(self) -> int: ...

    def records(self, start: int, stop: int, pictures: frozenset[str]) -> Iterator[Record | Broken]:
        """The records from `start` to before `stop`; of pictures in columns not named here, the names alone."""


class ListTable:
    """A table that is in memory."""

    def __init__(self, records: Sequence[Record | Broken], files: Sequence[Path]) -> None:
        self.files = files
        self._records = records

    @cached_property
    def columns(self) -> frozenset[str]:
        return _columns(iter(self._records[:SAMPLE]))

    def __len__(self) -> int:
        return len(self._records)

    def records(self, start: int, stop: int, pictures: frozenset[str]) -> Iterator[Record | Broken]:
        return iter(self._records[start:stop])


class LineTable:
    """A file that is read line by line: CSV, TSV, or an object of JSON per line."""

    def __init__(self, path: Path) -> None:
        self.files = (path,)
        self._path = path
        self._read = {".csv": _csv, ".tsv": _tsv}.get(path.suffix.lower(), _json_lines)

    @cached_property
    def columns(self) -> frozenset[str]:
        return _columns(self.records(0, SAMPLE, frozenset()))

    @cached_property
    def _length(self) -> int:
        return sum(1 for _ in self._all())

    def __len__(self) -> int:
        return self._length

    def records(self, start: int, stop: int, pictures: frozenset[str]) -> Iterator[Record | Broken]:
        return islice(self._all(), start, stop)

    def _all(self) -> Iterator[Record | Broken]:
        # A byte that is no UTF-8 spoils its row and not the rest of the file.
        with self._path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            yield from self._read(lines)


def read_json(path: Path) -> ListTable:
    """A list of objects, or an object of objects by their keys, which become a column `key`. Raises InputError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON ({error}); name a file of objects one a line .jsonl") from error
    if isinstance(content, dict):
        content = [{"key": key, **value} if isinstance(value, dict) else value for key, value in content.items()]
    if not isinstance(content, list):
        raise InputError(f"{path} holds no list of objects; each row must be an object with its columns")
    return ListTable([_record(each, number) for number, each in enumerate(content, 1)], (path,))


def _columns(records: Iterator[Record | Broken]) -> frozenset[str]:
    return frozenset(name for record in records if isinstance(record, dict) for name in record)


def _csv(lines: Iterator[str], delimiter: str = ",") -> Iterator[Record | Broken]:
    reader = csv.DictReader(lines, delimiter=delimiter)
    for number, record in enumerate(reader, 1):
        yield Broken(f"row {number} has more cells than there are columns") if None in record else record


def _tsv(lines: Iterator[str]) -> Iterator[Record | Broken]:
    return _csv(lines, "\t")


def _json_lines(lines: Iterator[str]) -> Iterator[Record | Broken]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _record(json.loads(line), number)
        except (ValueError, RecursionError) as error:
            yield Broken(f"line {number} is no JSON ({error})")


def _record(value: Any, number: int) -> Record | Broken:
    return value if isinstance(value, dict) else Broken(f"row {number} is no object with columns")
