"""Answers kept on disk, so that an instruction is read once on a machine."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from editjudge.bundles.cache import warn_unkept
from editjudge.parser.calibration import Certainty
from editjudge.parser.intent_syntax import parse_line
from editjudge.parser.language_model import ModelAnswer
from editjudge.utils.calls import PROCESS

FORMAT = 2
"""To be raised with what makes the same model answer otherwise: `normalize`, `grammar`, `prompts`."""
FILE_NAME = "answers.sqlite3"
MOST = 32_768
"""Answers, of 2 kB at most; then the oldest go."""
LONGEST = 65_536
"""Bytes of a value in the file; what is longer is none of ours."""
WAIT = 0.04
"""Seconds that a look at the file may take, as long as another process has locked it. A score may ask two models."""
REST = 10.0
"""Seconds without the file that follow, where that was in vain."""
ROUNDING = 1e-6
"""By how much a probability that was added up may exceed 1."""

LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT}
FOREIGN_FILE = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT}
"""A damaged file, or one of another layout: it is begun anew."""

CREATE = "CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer TEXT NOT NULL)"
SELECT = "SELECT answer FROM answers WHERE question = ?"
INSERT = "INSERT OR REPLACE INTO answers (question, answer) VALUES (?, ?)"
DELETE = "DELETE FROM answers WHERE rowid <= (SELECT max(rowid) FROM answers) - ?"


class ParseCache:
    """May be shared by threads and processes, and never fails: where nothing can be kept, there is a warning.

    The file is opened for each answer, which takes a fraction of a millisecond where the model takes hundreds: so no
    thread holds a connection, and none is open in a process that is forked.
    """

    def __init__(self, folder: Path, model: str) -> None:
        """`model` tells the model, with its adapter, from all others."""
        self._path = folder / FILE_NAME
        self._model = f"{FORMAT} {model}"
        self._resting_until = 0.0

    def get(self, text: str) -> ModelAnswer | None:
        """The answer to a text; None where none is kept, and where what is kept is no answer."""
        rows = self._execute((SELECT, self._key(text)))
        with suppress(ValueError, TypeError, LookupError, RecursionError):
            return _read_answer(json.loads(rows[0][0]))
        return None

    def put(self, text: str, answer: ModelAnswer) -> None:
        row = self._key(text), json.dumps(asdict(answer))
        self._execute(("BEGIN IMMEDIATE",), (INSERT, *row), (DELETE, MOST), ("COMMIT",))

    def _execute(self, *statements: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Each is SQL and its values. Returns the rows of the last one; none where the file cannot be used."""
        if time.monotonic() < self._resting_until:
            return []
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with PROCESS.count(), closing(sqlite3.connect(self._path, WAIT, isolation_level=None)) as connection:
                connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
                until = time.monotonic() + WAIT
                # A table of others may be a view that never ends.
                connection.set_progress_handler(lambda: time.monotonic() > until, 100_000)
                # What a loss of power damages is begun anew; nobody waits for the disk.
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute(CREATE)
                cursor = connection.cursor()
                for statement, *values in statements:
                    cursor.execute(statement, values)
                return cursor.fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter where a damaged name is in the message
            self._give_up(error)
        except OSError as error:
            warn_unkept(f"{self._path.parent} cannot be written: {error.strerror}")
        return []

    def _give_up(self, error: sqlite3.Error | UnicodeDecodeError) -> None:
        # The rest of it are details; there is none for a text that is no UTF-8, as only a damaged file has.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in LOCKED:
            self._resting_until = time.monotonic() + REST
        elif code in FOREIGN_FILE:
            with suppress(OSError):
                self._path.unlink()
        elif code != sqlite3.SQLITE_TOOBIG:  # which is a value of others
            warn_unkept(f"{self._path} cannot be written: {error}")

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self._model} {text}".encode(errors="replace")).hexdigest()


def _read_answer(content: dict[str, Any]) -> ModelAnswer:
    """Raises ValueError, TypeError or LookupError for what no model answered."""
    line, tokens, cut_short = content["line"], content["tokens"], content["cut_short"]
    certainty = tuple(Certainty(**{field.name: _read_probability(part[field.name]) for field in fields(Certainty)})
                      for part in content["certainty"])  # fmt: skip
    whole = isinstance(line, str) and type(tokens) is int and isinstance(cut_short, bool)
    if not whole or tokens < 0 or len(parse_line(line)) != len(certainty):
        raise ValueError("not an answer")
    return ModelAnswer(line, certainty, tokens, cut_short)


def _read_probability(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 1 + ROUNDING:
        raise ValueError("not a probability")
    return float(value)
