"""Tables of text as records: CSV, TSV, JSON and JSON lines. Parquet and Arrow are in `arrow`."""

from __future__ import annotations

import json
from collections import Counter
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
    of TEXTS or of OBJECTS beside it, whichever most of them hold.

    Raises InputError, OSError and OutOfMemoryError.
    """
    try:
        with convert_memory_errors(f"read {path}", BY_LINES):
            content = parse_json(read_whole(path).lstrip(MARK))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON ({error}); name a file of objects one a line .jsonl") from error
    if isinstance(content, dict):
        lists = _name_lists(content.values())
        content = [_with_key(key, value, lists, number) for number, (key, value) in enumerate(content.items(), 1)]
    if not isinstance(content, list):
        raise InputError(f"{path} holds no list of objects; each row must be an object with its columns")
    records = [_check_record(value, number) for number, value in enumerate(content, 1)]
    return TextTable((path,), lambda: records)


def _name_lists(values: Iterable[Any]) -> str:
    """The column of a file's lists: what most of them hold, so that a wrong one among them spoils no other; where they
    are even, the first of them decides."""
    votes: Counter[str] = Counter()
    for items in values:
        if isinstance(items, list):
            texts, objects = (sum(isinstance(item, kind) for item in items) for kind in (str, dict))
            votes.update([] if texts == objects else [TEXTS if texts > objects else OBJECTS])
    return votes.most_common(1)[0][0] if votes else TEXTS


def _with_key(key: str, value: Any, lists: str, number: int) -> Record | Broken:
    if isinstance(value, list):
        return {"key": key, lists: value}
    record = _check_record(value, number, {"key": key})
    return record if isinstance(record, Broken) else {"key": key, **record}


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


def _check_record(value: Any, number: int, known: Record | None = None) -> Record | Broken:
    if isinstance(value, dict | Broken):
        return value
    return Broken(f"row {number} is no object with columns", known)
