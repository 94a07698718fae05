"""The part file of a run: a line of JSON for every row that is scored so far, in the order in which they were done.

Its first line identifies the run. A line that was cut off is dropped.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from editjudge.batch.score_columns import ERROR, Values, pack
from editjudge.errors import InputError
from editjudge.metrics.registry import DEFAULT

SYNC_SECONDS = 1.0
"""How much work is lost when the power fails. When the process is killed none is: the operating system has every line
at once."""


class RunCheckpoint:
    """The rows that are done: their cells on disk, and in memory where these are.

    Attributes:
        failed: How many of the rows have no score.
        unmeasured: How many have a score without a number.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        """Begins a part file, or goes on with an existing one. Raises InputError for one of another run.

        Args:
            identity: All that the scores depend on, by names that an error message can use.
        """
        self.path = path
        self.failed = self.unmeasured = 0
        self._offsets: dict[int, int] = {}
        self._synced = time.monotonic()
        try:
            end = self._read(json.loads(pack(identity))) if path.exists() else 0
            self._file = path.open("r+b" if end else "w+b")
            self._file.truncate(end)
            if not end:
                self._append(identity)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; choose another place") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._offsets)

    def __contains__(self, number: int) -> bool:
        return number in self._offsets

    def __getitem__(self, number: int) -> Values:
        self._file.seek(self._offsets[number])
        values: Values = json.loads(self._file.readline())["values"]
        return values

    def add(self, number: int, values: Values) -> None:
        """Appends a row. Raises InputError when the disk is full."""
        try:
            offset = self._append({"row": number, "values": values})
            if time.monotonic() - self._synced >= SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise InputError(f"cannot write {self.path}: {error.strerror}; make room, and add --resume") from error
        self._note(number, values, offset)

    def _append(self, value: Any) -> int:
        """Appends a line, and returns where it begins."""
        offset = self._file.seek(0, os.SEEK_END)
        self._file.write(f"{pack(value)}\n".encode())
        self._file.flush()
        return offset

    def _note(self, number: int, values: Values, offset: int) -> None:
        self._offsets[number] = offset
        failed = values.get(ERROR) is not None
        self.failed += failed
        self.unmeasured += not failed and values.get(DEFAULT.name) is None

    def _read(self, identity: Mapping[str, Any]) -> int:
        """Notes the rows of the whole lines; returns where the last of these ends."""
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

    def _check(self, header: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
        for name, value in identity.items():
            if header.get(name) != value:
                raise InputError(
                    f"{self.path} belongs to another run: its {name} is not the same; "
                    "give what that run was given, or delete the file to start anew"
                )
