"""The part file of a run: a line of JSON for every row that is scored so far, in the order in which they were done.

Its first line identifies the run. A line that was cut off or damaged is dropped, and its row done again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from editjudge.batch.judge_columns import lacks_judgement
from editjudge.batch.picture_files import PictureState
from editjudge.batch.score_columns import ERROR, Values, pack
from editjudge.errors import InputError
from editjudge.metrics.registry import DEFAULT

SYNC_SECONDS = 1.0
"""How much work is lost when the power fails. When the process is killed none is: the operating system has every line
at once."""


class RunCheckpoint:
    """The rows that are done: their cells on disk, and in memory where these are."""

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        """Begins a part file, or goes on with an existing one. Raises InputError for one of another run.

        Args:
            identity: All that the scores depend on, by names that an error message can use.
        """
        self.path = path
        self._offsets: dict[int, int] = {}
        self._failed: set[int] = set()
        self._unmeasured: set[int] = set()
        self._unjudged: set[int] = set()
        self._synced = time.monotonic()
        try:
            end = self._read(json.loads(pack(identity))) if path.exists() else 0
            # Without a buffer: what the disk has no room for must not be waiting to be written when the file is closed.
            self._file = path.open("r+b" if end else "w+b", buffering=0)
            self._lines = path.open("rb")
            self._file.truncate(end)
        except OSError as error:
            raise self._describe(error, "choose another place") from error
        if not end:
            self._begin(identity)

    def _begin(self, identity: Mapping[str, Any]) -> None:
        try:
            self._append(identity)
        except OSError as error:
            self.__exit__()
            raise self._describe(error, "make room, or choose another place") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Closes the file; one without rows is of no use, and removed."""
        self._lines.close()
        self._file.close()
        if not self._offsets:
            self.remove()

    def __len__(self) -> int:
        return len(self._offsets)

    def __contains__(self, number: int) -> bool:
        return number in self._offsets

    def __iter__(self) -> Iterator[int]:
        return iter(self._offsets)

    def __getitem__(self, number: int) -> Values:
        values: Values = self._entry(number)["values"]
        return values

    @property
    def failed(self) -> int:
        """How many of the rows have no score."""
        return len(self._failed)

    @property
    def unjudged(self) -> frozenset[int]:
        """The rows that have a score, and that a judge failed at."""
        return frozenset(self._unjudged)

    @property
    def unmeasured(self) -> int:
        """How many of the rows have a score without a number."""
        return len(self._unmeasured)

    def pictures(self, number: int) -> list[PictureState]:
        """The state that a row's pictures were in when it was scored."""
        states: list[PictureState] = self._entry(number)["pictures"]
        return states

    def add(self, number: int, values: Values, pictures: list[PictureState]) -> None:
        """Appends a row. Raises InputError when the disk is full."""
        try:
            offset = self._append({"row": number, "values": values, "pictures": pictures})
            if time.monotonic() - self._synced >= SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise self._describe(error, "make room") from error
        self._note(number, values, offset)

    def drop(self, number: int) -> None:
        """Forgets a row, which is to be done again; its line stays, and the later one counts."""
        del self._offsets[number]
        self._failed.discard(number)
        self._unmeasured.discard(number)
        self._unjudged.discard(number)

    def remove(self) -> None:
        """Removes the closed file. Raises InputError."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise self._describe(error, "delete it") from error

    def _describe(self, error: OSError, remedy: str) -> InputError:
        return InputError(f"cannot write {self.path}: {(error.strerror or str(error)).lower()}; {remedy}")

    def _append(self, value: Any) -> int:
        """Appends a line, and returns where it begins."""
        offset = self._file.seek(0, os.SEEK_END)
        line = memoryview(f"{pack(value)}\n".encode())
        while line:
            line = line[self._file.write(line) :]
        return offset

    def _entry(self, number: int) -> dict[str, Any]:
        try:
            self._lines.seek(self._offsets[number])
            entry: dict[str, Any] = json.loads(self._lines.readline())
        except (OSError, ValueError) as error:
            raise InputError(f"{self.path} cannot be read any more ({error}); go on with --resume") from error
        return entry

    def _note(self, number: int, values: Values, offset: int) -> None:
        if number in self._offsets:
            self.drop(number)
        self._offsets[number] = offset
        if lacks_judgement(values):
            self._unjudged.add(number)
        elif values.get(ERROR) is not None:
            self._failed.add(number)
        elif values.get(DEFAULT.name) is None:
            self._unmeasured.add(number)

    def _read(self, identity: Mapping[str, Any]) -> int:
        """Notes the rows of the whole lines; returns where the last of these ends."""
        end = 0
        with self.path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    if not end and not _begins_like(line, identity):
                        raise self._refuse()
                    break
                content = _parse(line)
                if not end and not (isinstance(content, dict) and identity.keys() & content.keys()):
                    raise self._refuse()
                if isinstance(content, dict):
                    self._take(content, identity, end)
                end += len(line)
        return end

    def _take(self, content: dict[str, Any], identity: Mapping[str, Any], offset: int) -> None:
        """Notes a row, or checks what run the lines that follow belong to."""
        match content:
            case {"row": int(number), "values": dict(values), "pictures": list()}:
                self._note(number, values, offset)
            case _ if identity.keys() & content.keys():
                self._check(content, identity)

    def _refuse(self) -> InputError:
        return InputError(f"{self.path} is damaged or no part file; delete it, and start anew")

    def _check(self, header: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
        for name, value in identity.items():
            if header.get(name) != value:
                verb = "are" if name == "metrics" else "is"
                raise InputError(
                    f"{self.path} belongs to another run: its {name} {verb} not the same; "
                    "give what that run was given, or delete the file to start anew"
                )


def _parse(line: bytes) -> Any:
    """What a line holds; None for one that is damaged."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _begins_like(line: bytes, identity: Mapping[str, Any]) -> bool:
    """Whether a first line that was cut off may be that of a part file: also as zeros, which a power cut may leave."""
    name = pack(next(iter(identity), "")).encode()
    start = b"{" + name
    return not line.strip(b"\0") or line[: len(start)] == start[: len(line)]
