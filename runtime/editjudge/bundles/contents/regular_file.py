"""Files that somebody else made, opened without waiting: a pipe in the place of one would never answer."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from editjudge.errors import BundleError

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: Path) -> BinaryIO:
    """Opens a file to be read. Raises OSError, which says so where it is a folder, a pipe, a socket or a device."""
    _check(path, os.stat(path).st_mode)  # before it is opened: opening a device may set something off

    def open_checked(name: str, flags: int) -> int:
        descriptor = os.open(name, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            _check(path, os.fstat(descriptor).st_mode)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    # Whoever interrupts this, the descriptor has one owner: that it was closed twice would be told in place of that.
    return open(path, "rb", opener=open_checked)


def read_regular(path: Path, most: int) -> bytes:
    """The content of a file of at most so many bytes. Raises OSError as `open_regular` does, and where it is larger."""
    with open_regular(path) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most:,} bytes", str(path))
    return content


def check_size(path: Path, size: int | None) -> None:
    """Raises BundleError unless there is a file of this size; it is not opened."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise BundleError(f"{path} is missing; fetch or build the bundle again") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}; fetch or build the bundle again") from error
    if not stat.S_ISREG(status.st_mode):
        raise BundleError(f"{path} is missing: what is there is no file; fetch or build the bundle again")
    if status.st_size != size:
        raise BundleError(f"{path} has {status.st_size} bytes instead of {size}; fetch or build the bundle again")


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "something else")
        raise OSError(errno.EINVAL, f"it is {kind} and not a file", str(path))
