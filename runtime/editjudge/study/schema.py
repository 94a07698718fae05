"""The file of a study: its tables, and how it is opened, so that what was answered is on the disk."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from editjudge.errors import InputError
from editjudge.utils.text import shorten

APPLICATION = 0x656A7374
"""Tells the file from those of other programs: "ejst"."""
FORMAT = 1
WAIT = 30.0
"""Seconds to wait for another process that writes."""

TABLES = """
CREATE TABLE study (one INTEGER PRIMARY KEY CHECK (one = 1), design TEXT NOT NULL, fingerprint TEXT NOT NULL);
CREATE TABLE pictures (token TEXT PRIMARY KEY, row INTEGER NOT NULL, "column" TEXT NOT NULL, made TEXT);
CREATE TABLE inputs (number INTEGER PRIMARY KEY, name TEXT NOT NULL, instruction TEXT NOT NULL,
  original TEXT REFERENCES pictures, edited TEXT REFERENCES pictures);
CREATE TABLE candidates (number INTEGER PRIMARY KEY, input INTEGER NOT NULL REFERENCES inputs, id TEXT NOT NULL,
  model TEXT NOT NULL, original TEXT, edited TEXT, picture TEXT REFERENCES pictures, role TEXT, cells TEXT);
CREATE TABLE pages (number INTEGER PRIMARY KEY, input INTEGER NOT NULL REFERENCES inputs, is_check INTEGER NOT NULL);
CREATE TABLE page_candidates (page INTEGER NOT NULL REFERENCES pages, candidate INTEGER NOT NULL REFERENCES candidates,
  PRIMARY KEY (page, candidate)) WITHOUT ROWID;
CREATE TABLE raters (number INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);
CREATE TABLE sessions (token TEXT PRIMARY KEY, rater INTEGER NOT NULL REFERENCES raters);
CREATE TABLE answers (number INTEGER PRIMARY KEY, rater INTEGER NOT NULL REFERENCES raters,
  page INTEGER NOT NULL REFERENCES pages, revision INTEGER NOT NULL, shown TEXT NOT NULL, seconds REAL,
  UNIQUE (rater, page, revision));
CREATE TABLE ratings (answer INTEGER NOT NULL REFERENCES answers, candidate INTEGER NOT NULL REFERENCES candidates,
  side TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (answer, candidate, side)) WITHOUT ROWID;
CREATE VIEW latest AS SELECT number, rater, page, shown, seconds, max(revision) AS revision
  FROM answers GROUP BY rater, page;
"""
"""Checks are candidates with a role. What is preferred stands with the candidate that was on the left."""


class StudyWriteError(InputError):
    """The file of a study cannot be written to now: the disk is full, or another program holds it."""


def connect(path: Path, must_exist: bool) -> sqlite3.Connection:
    """Opens the file, or a new one that has no tables yet; every commit waits for the disk. Raises InputError."""
    if must_exist and not path.is_file():
        raise InputError(f"there is no study {shorten(str(path))}; begin one with editjudge study DATA --db FILE")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder for {shorten(str(path))}; create it or choose another")
    try:
        connection = sqlite3.connect(path, WAIT, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise InputError(f"cannot open {shorten(str(path))}: {error}; choose another place") from error
    try:
        _check_file(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error as error:
        connection.close()
        raise InputError(f"{shorten(str(path))} is no study that can be read: {error}; name another file") from error
    except InputError:
        connection.close()
        raise
    return connection


class Readers:
    """Connections that read a study's file, which exists; each is lent to one thread at a time. In a write-ahead log
    readers wait neither for each other nor for who writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False

    @contextmanager
    def borrow(self) -> Iterator[sqlite3.Connection]:
        """One that nobody else uses during the block. Raises sqlite3.Error where the file cannot be opened."""
        connection = self._take()
        try:
            yield connection
        finally:
            self._idle.append(connection)
            if self._closed:
                self.close()

    def close(self) -> None:
        """Closes what is not lent now; what is lent is closed when it comes back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> sqlite3.Connection:
        if self._closed:
            raise sqlite3.ProgrammingError("the study is closed")
        try:
            return self._idle.pop()
        except IndexError:
            connection = sqlite3.connect(self._path, WAIT, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA query_only = ON")
            return connection


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether the file holds nothing yet."""
    return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def create_tables(connection: sqlite3.Connection) -> None:
    """Within the transaction of the caller, so that a file is a whole study or none."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """All that is written in the block is on the disk at its end, or nothing is. Raises StudyWriteError."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except sqlite3.OperationalError as error:
        name = shorten(str(path))
        raise StudyWriteError(f"cannot write to {name}: {error}; nothing was kept, try again") from error


def insert_answer(
    connection: sqlite3.Connection,
    row: tuple[int, int, int, str, float | None],
    ratings: Iterable[tuple[int, str, float]],
) -> None:
    """Within the transaction of the caller.

    Args:
        row: Rater, page, revision, the candidates as they were shown, and seconds.
        ratings: Candidate, side and value.
    """
    cursor = connection.execute("INSERT INTO answers (rater, page, revision, shown, seconds) VALUES (?,?,?,?,?)", row)
    values = [(cursor.lastrowid, *rating) for rating in ratings]
    connection.executemany("INSERT INTO ratings (answer, candidate, side, value) VALUES (?, ?, ?, ?)", values)


def _check_file(connection: sqlite3.Connection, path: Path) -> None:
    """Raises InputError for a file of another program or another version."""
    if is_empty(connection):
        return
    name = shorten(str(path))
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise InputError(f"{name} is a database of another program; name another file for the study")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != FORMAT:
        raise InputError(
            f"{name} is a study in format {version}, and this version reads format {FORMAT}; go on with the version "
            "that began it, or begin a new one"
        )
