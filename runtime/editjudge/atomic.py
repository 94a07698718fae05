"""Files that are either whole or not there: written under a temporary name beside their place, then renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from editjudge.errors import InputError


def check_writable(path: Path) -> None:
    """Tries, before any work is done, whether a file could be written at `path`; leaves nothing behind.

    Raises InputError.
    """
    temporary = _temporary(path)
    try:
        temporary.touch()
        temporary.unlink()
    except OSError as error:
        raise _refused(path, error) from error


def check_outputs(outputs: Iterable[Path | None], inputs: Iterable[Path]) -> None:
    """Raises InputError, before any work is done, for an output that cannot be written or would replace an input."""
    places = {path.resolve() for path in inputs}
    for path in filter(None, outputs):
        if path.resolve() in places:
            raise InputError(f"writing {path} would replace an input; choose another name")
        check_writable(path)


def write(path: Path, content: bytes | str) -> None:
    """Writes all of the content or nothing, text as UTF-8; an older file stays as it was until the new one is whole.

    Raises InputError.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write to, which takes the place of `path` at the end of the block, unless something is raised there.

    Raises InputError.
    """
    temporary = _temporary(path)
    try:
        yield temporary
        temporary.replace(path.resolve())
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def replace_folder(folder: Path, new: Path) -> None:
    """Puts a folder in the place of another, which stays where it was if that fails. Raises OSError."""
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _temporary(path: Path) -> Path:
    place = path.resolve()  # so that a link goes on pointing to the file, and the rename stays on one file system
    if place.is_dir():
        raise InputError(f"cannot write {path}: it is a folder; name a file inside it")
    if place.exists() and not place.is_file():
        raise InputError(f"cannot write {path}: it is not an ordinary file; choose another name")
    if not place.parent.is_dir():
        raise InputError(f"cannot write {path}: there is no folder {path.parent}; create it or choose another")
    return place.with_name(f".{place.name[:80]}.{os.getpid()}.part")


def _refused(path: Path, error: OSError) -> InputError:
    reason = (error.strerror or str(error)).lower()
    return InputError(f"cannot write {path}: {reason}; choose another place")
