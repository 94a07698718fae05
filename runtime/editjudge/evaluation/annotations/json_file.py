"""Reads a file of JSON item by item; what is wrong is said with the file and the item."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from editjudge.datasets.readers.text import MARK, parse_json
from editjudge.datasets.readers.text_file import BY_LINES, open_text, read_lines, read_whole
from editjudge.errors import InputError
from editjudge.utils.oom import convert_memory_errors
from editjudge.utils.text import shorten

Parsed = TypeVar("Parsed")


def read_content(path: Path) -> Any:
    """The value of a JSON file. Raises InputError."""
    with _reading(path), convert_memory_errors(f"read {path}", BY_LINES):
        text = read_whole(path).lstrip(MARK)
        if not text.strip():
            raise InputError(f"{shorten(str(path))} is empty; give a list of objects")
        return parse_json(text)


def read_items(path: Path) -> list[Any]:
    """The list of a JSON file. Raises InputError."""
    content = read_content(path)
    if not isinstance(content, list):
        raise InputError(f"{shorten(str(path))} holds no list; give a list of objects, one for each difference")
    return content


def read_objects(path: Path) -> list[Any]:
    """The values of a file of JSON lines, without the empty ones. Raises InputError."""
    items = []
    with _reading(path), open_text(path) as file:
        for number, line in enumerate(read_lines(file, str(path)), 1):
            if line.strip():
                items.append(_parse_line(path, number, line))
    if not items:
        raise InputError(f"{shorten(str(path))} is empty; give an object for each pair of pictures, one a line")
    return items


def check_item(path: Path, number: int, item: Any, parse: Callable[[Mapping[str, Any]], Parsed]) -> Parsed:
    """What `parse` makes of an object. Raises InputError for its ValueError, whose words follow the item's name."""
    name = f"item {number} of {shorten(str(path))}"
    if not isinstance(item, dict):
        raise InputError(f"{name} is no object; give an object with its values by name")
    try:
        return parse(item)
    except ValueError as error:
        raise InputError(f"{name} {error}") from error


def _parse_line(path: Path, number: int, line: str) -> Any:
    try:
        return parse_json(line.lstrip(MARK))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"line {number} of {shorten(str(path))} is no JSON ({error}); give an object for each pair, one a line"
        ) from error


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot read {shorten(str(path))}: {reason}; check the path") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{shorten(str(path))} is no JSON ({error}); write it again") from error
