"""Steps of a long job, each done once: what it made is remembered, and a run that was cut off goes on from there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from editjudge.errors import EditJudgeError, InputError

FOLDER = ".steps"

Result = dict[str, Any]
"""What a step has to tell later ones, as JSON can hold it."""


class Steps:
    """The steps of a job that works in `folder`; each leaves a stamp of what it was made of and what it made."""

    def __init__(self, folder: Path, report: Callable[[str], None]) -> None:
        self.folder = folder
        self.report = report
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)

    def run(self, name: str, made_of: Mapping[str, Any], work: Callable[[], tuple[Result, Iterable[Path]]]) -> Result:
        """What `work` returns beside the files it wrote, or returned before, if all is as it was then.

        An error names the step. Whatever it had written under other names than its files' is the work's to remove.
        """
        stamp = self.folder / FOLDER / f"{name.replace(' ', '-')}.json"
        key = hashlib.sha256(json.dumps(made_of, sort_keys=True, default=str).encode()).hexdigest()
        before = _read(stamp)
        if before.get("key") == key and all(_about(self.folder / each) == about for each, about in before["files"]):
            self.report(f"{name}: done before")
            return dict(before["result"])
        self.report(f"{name} ...")
        try:
            result, files = work()
            made = [(str(file.relative_to(self.folder)), _about(file)) for file in files]
            part = stamp.with_suffix(".part")
            part.write_text(json.dumps({"key": key, "result": result, "files": made}), encoding="utf-8")
            os.replace(part, stamp)
        except EditJudgeError as error:
            raise type(error)(f"step {name!r} failed: {error}") from error
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"step {name!r} failed: {error.filename or self.folder}: {reason}") from error
        return result


def fingerprint(folder: Path) -> list[tuple[str, list[int] | None]]:
    """The files of a folder as they are now."""
    return fingerprint_of(path for path in folder.iterdir() if path.is_file())


def fingerprint_of(files: Iterable[Path]) -> list[tuple[str, list[int] | None]]:
    """Files as they are now: name, bytes, and when they were changed."""
    return sorted((path.name, _about(path)) for path in files)


def _read(stamp: Path) -> dict[str, Any]:
    try:
        content = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _about(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]
