"""The user's cache folder, and the stamps of verified files that are kept there."""

from __future__ import annotations

import hashlib
import os
import shutil
import warnings
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from platformdirs import user_cache_path

from editjudge.errors import BundleError, EditJudgeWarning
from editjudge.utils.text import shorten

LARGE = 64 * 2**20
"""Bytes from which a file is hashed once for good, and not once per process."""
ROOM = 300_000_000
REMEDY = "set EDITJUDGE_HOME to a folder with 300 MB to spare"

_warnings: list[str] = []
"""The warning that this process gave, if it gave one."""


def expand_home(path: str) -> Path:
    """The path, with the home folder in the place of a ~ that it begins with.

    Raises BundleError where there is no such home.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise BundleError(
            f"{shorten(path)} begins with a home folder that is not there; name the whole path"
        ) from error


def cache_folder() -> Path:
    """Where bundles and assembled models are kept: EDITJUDGE_HOME, else the user's cache folder.

    Raises BundleError where there is no such folder: the user has no home, or that of another was named.
    """
    home = os.environ.get("EDITJUDGE_HOME")
    with suppress(BundleError, RuntimeError):  # as which platformdirs tells that there is no home
        folder = expand_home(home) if home else user_cache_path("editjudge", appauthor=False)
        if home or folder.is_absolute():
            return folder
    problem = f"EDITJUDGE_HOME is {home}, and there is no such home folder" if home else "the user has no home folder"
    raise BundleError(f"{problem}; {REMEDY}")


def warn_unkept(problem: str) -> None:
    """Warns, once in a process, that nothing is kept, as a score can be had without it all the same."""
    warn_once(f"{problem.removesuffix(f'; {REMEDY}')}, so nothing is kept for the next process; {REMEDY}")


def warn_once(warning: str) -> None:
    """Gives a warning, unless this process gave one; a run gives that of its worker processes in their place."""
    if not _warnings:
        _warnings.append(warning)
        warnings.warn(warning, EditJudgeWarning, stacklevel=3)


def given_warning() -> str | None:
    """The warning that this process gave, if it gave one."""
    return _warnings[0] if _warnings else None


def find_unkept(folder: Path) -> str | None:
    """Why nothing more can be kept in a cache folder; None where it can be."""
    try:
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not there.is_dir():
            problem = f"{there} is not a folder"
        elif not os.access(there, os.W_OK | os.X_OK):
            problem = f"{there} cannot be written"
        elif shutil.disk_usage(there).free < ROOM:
            problem = f"{there} has less than 300 MB free"
        else:
            return None
    except OSError as error:
        problem = f"{folder} cannot be used ({(error.strerror or str(error)).lower()})"
    return f"{problem}; {REMEDY}"


def file_sha256(path: Path) -> str:
    """Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_hash(path: Path, sha256: str) -> None:
    """Raises BundleError unless the file has this sha256. What was checked is read again only when it was changed."""
    try:
        status = path.stat()
    except OSError as error:
        raise BundleError(_describe(path, error)) from error
    _check_hash(path, sha256, status.st_size, status.st_mtime_ns)


def has_hash(path: Path, sha256: str) -> bool:
    """Whether the file is there and has this sha256."""
    with suppress(BundleError, OSError):
        if path.is_file():
            check_hash(path, sha256)
            return True
    return False


@lru_cache(maxsize=256)
def _check_hash(path: Path, sha256: str, size: int, mtime_ns: int) -> None:
    if size >= LARGE:
        with suppress(BundleError, OSError, UnicodeDecodeError):
            if _stamp(path).read_text(encoding="utf-8") == f"{sha256} {size} {mtime_ns}":
                return
    try:
        actual = file_sha256(path)
    except OSError as error:
        raise BundleError(_describe(path, error)) from error
    if actual != sha256:
        raise BundleError(f"{path} is damaged: its sha256 is not the manifest's; fetch or build the bundle again")
    if size >= LARGE:
        write_stamp(path, sha256)


def _describe(path: Path, error: OSError) -> str:
    return f"{path} cannot be read: {(error.strerror or str(error)).lower()}; fetch or build the bundle again"


def _stamp(path: Path) -> Path:
    return cache_folder() / "verified" / hashlib.sha256(os.fsencode(path)).hexdigest()


def write_stamp(path: Path, sha256: str) -> None:
    """Notes that a file has this sha256; without a stamp it is hashed again in the next process."""
    with suppress(BundleError, OSError):
        stamp, status = _stamp(path), path.stat()
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(f"{sha256} {status.st_size} {status.st_mtime_ns}", encoding="utf-8")
