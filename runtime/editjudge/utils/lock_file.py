"""A lock that one process at a time can hold, and that ends with it, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from editjudge.errors import InputError


@contextmanager
def hold_lock(path: Path, refusal: str) -> Iterator[None]:
    """Holds a lock on a file of its own, which is made for it and removed in the end.

    A file that was left by a process that was killed locks nothing. Processes on several machines lock one another out
    where the file system they share passes locks on, as NFS does from version 4, and before that with its lock service.

    Args:
        path: The file; nothing else may be kept there.
        refusal: What InputError says when the lock is held already.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  (takes a while, and few need it)

    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise InputError(refusal) from error
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {(error.strerror or str(error)).lower()}; choose another place"
        ) from error
    try:
        yield
    finally:
        removes_open_files = os.name != "nt"
        if removes_open_files:  # while it is held: afterwards it may be another process's
            _remove(path)
        lock.release()
        if not removes_open_files:
            _remove(path)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
