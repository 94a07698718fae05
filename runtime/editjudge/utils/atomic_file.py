"""Files that are either whole or not there: written under a temporary name beside their place, then renamed.

What cannot be written raises InputError.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from editjudge.errors import InputError
from editjudge.utils.text import shorten


def check_outputs(outputs: Iterable[Path | None], inputs: Iterable[Path]) -> None:
    """Checks, before any work is done, that all outputs can be written and none would replace an input."""
    originals = set(filter(None, map(_resolve, inputs)))
    for path in filter(None, outputs):
        if _resolve(path) in originals:
            raise InputError(f"writing {shorten(str(path))} would replace an input; choose another name")
        check_writable(path)


def check_suffix(option: str, path: Path, suffixes: tuple[str, ...]) -> None:
    """Raises InputError for the name of a file of another kind than is written there: it might well be one."""
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{option} {shorten(str(path))} must end in {' or '.join(suffixes)}")


def check_writable(path: Path) -> None:
    """Checks, before any work is done, that a file can be written at `path`; leaves nothing behind."""
    temporary = _temporary_path(path)
    try:
        temporary.touch()
        temporary.unlink()
    except OSError as error:
        raise _convert(error, path) from error


def write(path: Path, content: bytes | str) -> None:
    """Writes all of the content or nothing; an older file stays as it was until the new one is whole.

    Text is written as UTF-8; a half of a character, as texts that were cut have them, becomes a question mark.
    """
    with replace_file(path) as temporary:
        temporary.write_bytes(content.encode(errors="replace") if isinstance(content, str) else content)


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """A file to write to, which takes the place of `path` at the end of the block, unless something is raised there."""
    temporary = _temporary_path(path)
    try:
        yield temporary
        temporary.replace(path.resolve())
    except OSError as error:
        raise _convert(error, path) from error
    finally:
        temporary.unlink(missing_ok=True)


def check_new_folder(folder: Path) -> None:
    """Raises InputError where there is something already, or no place for the folder to stand in."""
    if os.path.lexists(folder):
        raise InputError(f"{folder} exists already; name another folder with --output")
    if not folder.absolute().parent.is_dir():
        raise InputError(f"there is no folder {folder.absolute().parent} to write {folder.name} to; make it first")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill within the block, of the same name, which is there whole after it; else nothing is.

    Raises InputError where it is there already, or cannot be written.
    """
    check_new_folder(folder)
    try:
        with TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.absolute().parent) as parent:
            made = Path(parent) / folder.name
            made.mkdir()
            yield made
            made.rename(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}; name another folder") from error


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


def _resolve(path: Path) -> Path | None:
    """Where a path leads; None where it cannot lead anywhere, which whoever opens it says."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def _temporary_path(path: Path) -> Path:
    if path == Path():  # which an empty text becomes
        raise InputError("the path to write to is empty, or the folder itself; name a file")
    try:
        return _place_beside(path)
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, a circle of links, a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot write {shorten(str(path))}: {reason.lower()}; choose another name") from error


def _place_beside(path: Path) -> Path:
    name = shorten(str(path))
    target = path.resolve()  # so that a link goes on pointing to the file, and the rename stays on one file system
    if target.is_dir():
        raise InputError(f"cannot write {name}: it is a folder; name a file inside it")
    if target.exists() and not target.is_file():
        raise InputError(f"cannot write {name}: it is not an ordinary file; choose another name")
    if not target.parent.is_dir():
        parent = shorten(str(path.parent))
        raise InputError(f"cannot write {name}: there is no folder {parent}; create it or choose another")
    return target.with_name(f".{target.name[:80]}.{os.getpid()}.part")


def _convert(error: OSError, path: Path) -> InputError:
    return InputError(
        f"cannot write {shorten(str(path))}: {(error.strerror or str(error)).lower()}; choose another place"
    )
