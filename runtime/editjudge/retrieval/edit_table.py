"""What the edits of an index are, and their small pictures: one SQLite file, however many there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from editjudge.errors import InputError
from editjudge.utils.text import shorten

FILE_NAME = "edits.sqlite"


@dataclass(frozen=True)
class IndexedEdit:
    """An edit as its data set has it.

    Attributes:
        row: Its number there, from 0.
        id: Its name there, or its number.
        original, edited: The names of the pictures; None for those without one.
        instruction: What was asked for.
    """

    row: int
    id: str
    original: str | None
    edited: str | None
    instruction: str


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """JPEG files of both pictures."""

    original: bytes
    edited: bytes


class EditTable:
    """The file of an index, to be read by the thread that opened it, and closed.

    `edits` and `thumbnails` are by position, from 0, which is that of the vector; `left_out` has the rows of the data
    set that have none, with the reason.
    """

    def __init__(self, folder: Path) -> None:
        """Raises InputError."""
        self._path = folder / FILE_NAME
        if not self._path.is_file():
            raise InputError(f"{shorten(str(folder))} lacks its file {FILE_NAME}; make the index again")
        with self._convert_errors():
            self._connection = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._connection.close()

    def count(self) -> int:
        """How many edits there are. Raises InputError."""
        return int(self._ask("SELECT COUNT(*) FROM edits")[0][0])

    def edit(self, position: int) -> IndexedEdit:
        """Raises InputError."""
        row, *texts = self._at(position, "SELECT row, id, original, edited, instruction FROM edits")
        name, original, edited, instruction = (None if text is None else str(text) for text in texts)
        return IndexedEdit(int(row), name or "", original, edited, instruction or "")

    def thumbnails(self, position: int) -> Thumbnails:
        """Raises InputError."""
        return Thumbnails(*map(bytes, self._at(position, "SELECT original, edited FROM thumbnails")))

    def left_out(self) -> list[tuple[str, str]]:
        """The ids of the rows without an edit, and why they have none. Raises InputError."""
        return [(str(name), str(reason)) for name, reason in self._ask("SELECT id, reason FROM left_out ORDER BY row")]

    def _at(self, position: int, question: str) -> tuple[Any, ...]:
        found = self._ask(f"{question} WHERE position = ?", position)
        if not found or None in found[0][:1]:
            raise InputError(f"{shorten(str(self._path))} lacks edit {position}; make the index again")
        return found[0]

    def _ask(self, question: str, *values: int) -> list[tuple[Any, ...]]:
        with self._convert_errors():
            return self._connection.execute(question, values).fetchall()

    @contextmanager
    def _convert_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise InputError(f"{shorten(str(self._path))} cannot be read: {error}; make the index again") from error
