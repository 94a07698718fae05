"""Tables of text as records: CSV, TSV, JSON and JSON lines. Parquet and Arrow are in `arrow`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from editjudge.datasets.format import Broken, Record
from editjudge.datasets.readers.delimited import DELIMITERS, read_records
from editjudge.datasets.readers.text_file import BY_LINES, open_text, read_lines, read_whole
from editjudge.errors import InputError
from editjudge.utils.oom import convert_memory_errors
from editjudge.utils.text import replace_surrogates

SAMPLE = 100
"""Records that are searched for the names of columns."""
TEXTS, OBJECTS = "texts", "objects"
"""Columns of the lists in a file of lists by their keys."""
MARK = "\ufeff"
"""The byte order mark, which files that were joined have in the middle as well."""


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
        with open_text(path) as text:
            lines = read_lines(text, str(path))
            delimiter = DELIMITERS.get(path.suffix.lower())
            yield from read_records(lines, delimiter, str(path)) if delimiter else _parse_json_lines(lines)

    return TextTable((path,), read)


def read_json(path: Path) -> TextTable:
    """Reads a list of objects, or objects by their keys, which become a column `key`; lists by their keys are a column
    of TEXTS or of OBJECTS beside it.

    Raises InputError, OSError and OutOfMemoryError.
    """
    try:
        with convert_memory_errors(f"read {path}", BY_LINES):
            content = parse_json(read_whole(path).lstrip(MARK))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON ({error}); name a file of objects one a line .jsonl") from error
    if isinstance(content, dict):
        content = [_with_key(key, value) for key, value in content.items()]
    if not isinstance(content, list):
        raise InputError(f"{path} holds no list of objects; each row must be an object with its columns")
    records = [_check_record(value, number) for number, value in enumerate(content, 1)]
    return TextTable((path,), lambda: records)


def _with_key(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return {"key": key, TEXTS if all(isinstance(item, str) for item in value) else OBJECTS: value}
    return {"key": key, **value} if isinstance(value, dict) else value


def parse_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError, also for an object with the same key twice, and RecursionError."""
    return json.loads(text, object_pairs_hook=_collect)


def _collect(pairs: list[tuple[str, Any]]) -> Record:
    record = {replace_surrogates(key): value for key, value in pairs}
    if len(record) < len(pairs):
        raise ValueError("an object has the same key twice")
    return record


def _parse_json_lines(lines: Iterable[str]) -> Iterator[Record | Broken]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _check_record(parse_json(line.lstrip(MARK)), number)
            except (ValueError, RecursionError) as error:
                yield Broken(f"line {number} is no JSON ({error})")


def _check_record(value: Any, number: int) -> Record | Broken:
    return value if isinstance(value, dict) else Broken(f"row {number} is no object with columns")
