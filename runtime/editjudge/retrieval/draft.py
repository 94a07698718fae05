"""An index that is being made: what is done of it is on disk, so that a run that was cut off can go on.

It is a folder with two SQLite files, which are written together or not at all: `edits.sqlite`, which the index keeps,
and `run.sqlite` with the vectors, and with what they depend on.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from editjudge.batch.picture_files import PictureState
from editjudge.errors import InputError
from editjudge.image.vectors import Vector
from editjudge.models.clip import Embeddings
from editjudge.retrieval.edit_table import FILE_NAME, IndexedEdit, Thumbnails
from editjudge.utils.json_safe import to_json
from editjudge.utils.text import shorten

RUN_FILE = "run.sqlite"
TABLES = """
CREATE TABLE IF NOT EXISTS edits (
    position INTEGER PRIMARY KEY, row INTEGER, id TEXT, original TEXT, edited TEXT, instruction TEXT);
CREATE TABLE IF NOT EXISTS thumbnails (position INTEGER PRIMARY KEY, original BLOB, edited BLOB);
CREATE TABLE IF NOT EXISTS left_out (row INTEGER PRIMARY KEY, id TEXT, reason TEXT);
CREATE TABLE IF NOT EXISTS run.vectors (position INTEGER PRIMARY KEY, vector BLOB);
CREATE TABLE IF NOT EXISTS run.pictures (row INTEGER PRIMARY KEY, state TEXT);
CREATE TABLE IF NOT EXISTS run.identity (name TEXT PRIMARY KEY, value TEXT);
"""


class DraftEdit(NamedTuple):
    """An edit with its pictures and its vector float32[D]."""

    edit: IndexedEdit
    thumbnails: Thumbnails
    vector: Vector


class DraftFailure(NamedTuple):
    """A row of the data set without an edit, and why it has none."""

    row: int
    id: str
    reason: str


class IndexDraft:
    """A draft in a folder, to be closed before the folder is moved.

    Args:
        folder: Made where it is not there.
        identity: All that the vectors depend on, by names that a message can use.

    Raises InputError for a folder that is no draft, or that of another run.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self.folder = folder
        with self._convert_errors():
            folder.mkdir(exist_ok=True)
            names = {path.name for path in folder.iterdir()}
            if names and names.isdisjoint({FILE_NAME, RUN_FILE}):
                name = shorten(str(folder))
                raise InputError(f"{name} is nothing that a run left; move it away, or name another output")
            self._connection = sqlite3.connect(folder / FILE_NAME)
            self._connection.execute("ATTACH DATABASE ? AS run", (str(folder / RUN_FILE),))
            self._connection.executescript(TABLES)
        self._check({name: to_json(value) for name, value in identity.items()})
        self._count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._connection.close()

    def __len__(self) -> int:
        """How many edits there are."""
        return self._edits

    @property
    def rows(self) -> int:
        """How many rows of the data set are done: the first ones."""
        return self._edits + self.failed

    @property
    def latest_failure(self) -> str | None:
        """Why the last of the rows without an edit has none."""
        return None if not self.failed else str(self._ask("SELECT reason FROM left_out ORDER BY row DESC LIMIT 1"))

    def picture_states(self) -> Iterator[list[PictureState]]:
        """Of each row that is done, the state that its pictures were in. Raises InputError."""
        with self._convert_errors():
            for (state,) in self._connection.execute("SELECT state FROM run.pictures ORDER BY row"):
                yield json.loads(state)

    def cut_off(self, rows: int) -> None:
        """Forgets all but the first rows. Raises InputError."""
        with self._convert_errors(), self._connection as transaction:
            transaction.execute("DELETE FROM edits WHERE row >= ?", (rows,))
            transaction.execute("DELETE FROM left_out WHERE row >= ?", (rows,))
            transaction.execute("DELETE FROM run.pictures WHERE row >= ?", (rows,))
            for table in ("thumbnails", "run.vectors"):
                transaction.execute(f"DELETE FROM {table} WHERE position >= (SELECT COUNT(*) FROM edits)")
        self._count()

    def add(
        self, edits: list[DraftEdit], failures: list[DraftFailure], pictures: Mapping[int, list[PictureState]]
    ) -> None:
        """Adds the next rows: all of them or, where that fails, none. Raises InputError.

        Args:
            pictures: By row, the state of its pictures.
        """
        with self._convert_errors(), self._connection as transaction:
            for position, (edit, thumbnails, vector) in enumerate(edits, self._edits):
                cells = position, edit.row, edit.id, edit.original, edit.edited, edit.instruction
                transaction.execute("INSERT INTO edits VALUES (?, ?, ?, ?, ?, ?)", cells)
                files = position, thumbnails.original, thumbnails.edited
                transaction.execute("INSERT INTO thumbnails VALUES (?, ?, ?)", files)
                numbers = np.asarray(vector, "<f4").tobytes()
                transaction.execute("INSERT INTO run.vectors VALUES (?, ?)", (position, numbers))
            transaction.executemany("INSERT INTO left_out VALUES (?, ?, ?)", failures)
            states = [(row, to_json(state)) for row, state in pictures.items()]
            transaction.executemany("INSERT INTO run.pictures VALUES (?, ?)", states)
        self._count()

    def vectors(self) -> Embeddings:
        """float32[N, D] of N >= 1 edits. Raises InputError."""
        with self._convert_errors():
            rows = self._connection.execute("SELECT vector FROM run.vectors ORDER BY position")
            numbers = b"".join(vector for (vector,) in rows)
        return np.frombuffer(numbers, "<f4").reshape(self._edits, -1)

    def delete(self) -> None:
        """Removes the draft, which nothing can be made of."""
        self._connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _count(self) -> None:
        self._edits = int(self._ask("SELECT COUNT(*) FROM edits"))
        self.failed = int(self._ask("SELECT COUNT(*) FROM left_out"))

    def _check(self, identity: Mapping[str, str]) -> None:
        """Checks what run the draft belongs to; of a new one, notes it."""
        with self._convert_errors():
            before = dict(self._connection.execute("SELECT name, value FROM run.identity"))
            if not before:
                with self._connection as transaction:
                    transaction.executemany("INSERT INTO run.identity VALUES (?, ?)", identity.items())
        for name, value in identity.items():
            if before and before.get(name) != value:
                self._connection.close()
                raise InputError(
                    f"{shorten(str(self.folder))} belongs to another run: its {name} is not the same; give what that "
                    "run was given, or delete the folder to start anew"
                )

    def _ask(self, question: str) -> Any:
        with self._convert_errors():
            return self._connection.execute(question).fetchone()[0]

    @contextmanager
    def _convert_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(
                f"{shorten(str(self.folder))} cannot be written: {reason.lower()}; make room, or choose another place"
            ) from error
