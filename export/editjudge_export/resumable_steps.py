"""The steps of a long job: each is done once, and a job that was cut off goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from editjudge.errors import EditJudgeError, InputError

FOLDER = ".steps"

StepResult = dict[str, Any]
"""What a step hands on to later ones, as JSON can hold it."""

FileState = list[int]
"""The bytes of a file, and when it was changed, in nanoseconds."""


class ResumableSteps:
    """The steps of a job. Each leaves a record of its inputs and of the files that it wrote.

    Args:
        folder: Where the job works; the records are in a folder in it, FOLDER.
        report: Takes a line for each step.
    """

    def __init__(self, folder: Path, report: Callable[[str], None]) -> None:
        self.folder = folder
        self.report = report
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)

    def run(
        self, name: str, inputs: Mapping[str, Any], work: Callable[[], tuple[StepResult, Iterable[Path]]]
    ) -> StepResult:
        """Runs a step, unless it was run before with the same inputs and its files are as it left them.

        Args:
            name: For reports and errors; no two steps of a job have the same.
            inputs: Whatever the result depends on.
            work: Returns a result and the files that it wrote; it removes whatever else it has written.

        Returns the result of `work`. Raises its errors, with the name of the step, and InputError where nothing can be
        written.
        """
        record = self.folder / FOLDER / f"{name.replace(' ', '-')}.json"
        key = hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()
        last = _read(record)
        if last.get("key") == key and all(_state(self.folder / path) == state for path, state in last["files"]):
            self.report(f"{name}: done before")
            return dict(last["result"])
        self.report(f"{name} ...")
        try:
            result, files = work()
            states = [(str(file.relative_to(self.folder)), _state(file)) for file in files]
            part = record.with_suffix(".part")
            part.write_text(json.dumps({"key": key, "result": result, "files": states}), encoding="utf-8")
            os.replace(part, record)
        except EditJudgeError as error:
            raise type(error)(f"step {name!r} failed: {error}") from error
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"step {name!r} failed: {error.filename or self.folder}: {reason}") from error
        return result


def fingerprint_folder(folder: Path) -> list[tuple[str, FileState | None]]:
    """The files of a folder as they are now."""
    return fingerprint_files(path for path in folder.iterdir() if path.is_file())


def fingerprint_files(paths: Iterable[Path]) -> list[tuple[str, FileState | None]]:
    """Files as they are now: their names and states."""
    return sorted((path.name, _state(path)) for path in paths)


def _read(record: Path) -> dict[str, Any]:
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _state(path: Path) -> FileState | None:
    """None: there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]
