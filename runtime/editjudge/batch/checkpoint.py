"""The part file of a run: the rows that are scored so far, a line of JSON each, in the order in which they were done.

Its first line says what they belong to. A line counts when it is whole: one that was cut off is dropped.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from editjudge.batch.columns import ERROR, Values, packed
from editjudge.errors import InputError

SYNC_SECONDS = 1.0
"""How much work is lost when the power fails. When the process is killed none is: each line is handed to the operating
system at once."""

Identity = Mapping[str, Any]
"""What the scores depend on, by names that a sentence can use."""


class Checkpoint:
    """The rows that are done: their cells on disk, their places in memory. failed: how many of them have no score."""

    def __init__(self, path: Path, identity: Identity) -> None:
        """Begins a part file, or goes on with the one that is there. Raises InputError for one of another run."""
        self.path = path
        self.failed = 0
        self._places: dict[int, int] = {}
        self._synced = time.monotonic()
        try:
            end = self._read(json.loads(packed(identity))) if path.exists() else 0
            self._file = path.open("r+b" if end else "w+b")
            self._file.truncate(end)
            if not end:
                self._append(identity)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; choose another place") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, number: int) -> bool:
        return number in self._places

    def __getitem__(self, number: int) -> Values:
        self._file.seek(self._places[number])
        values: Values = json.loads(self._file.readline())["values"]
        return values

    def add(self, number: int, values: Values) -> None:
        """Raises InputError when the disk is full."""
        try:
            place = self._append({"row": number, "values": values})
            if time.monotonic() - self._synced >= SYNC_SECONDS:
                self.sync()
        except OSError as error:
            raise InputError(f"cannot write {self.path}: {error.strerror}; make room, and add --resume") from error
        self._note(number, values, place)

    def sync(self) -> None:
        """What was added is safe from a failing power from now on."""
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def _append(self, value: Any) -> int:
        """Returns where it stands."""
        place = self._file.seek(0, os.SEEK_END)
        self._file.write(f"{packed(value)}\n".encode())
        self._file.flush()
        return place

    def _note(self, number: int, values: Values, place: int) -> None:
        self._places[number] = place
        self.failed += values.get(ERROR) is not None

    def _read(self, identity: Identity) -> int:
        """Takes in the whole lines; returns where the last of them ends."""
        end = 0
        with self.path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                try:
                    content = json.loads(line)
                    if end:
                        self._note(content["row"], content["values"], end)
                    else:
                        self._check(content, identity)
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise InputError(f"{self.path} is damaged or no part file; delete it, and start anew") from error
                end += len(line)
        return end

    def _check(self, found: Identity, identity: Identity) -> None:
        for name, value in identity.items():
            if found.get(name) != value:
                raise InputError(
                    f"{self.path} belongs to another run: its {name} is not the same; "
                    "give what that run was given, or delete the file to start anew"
                )
