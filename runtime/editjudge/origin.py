"""Where a bundle is pulled from: a folder, a web server or a repository of the hub."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from editjudge import hub
from editjudge.errors import BundleError, InputError
from editjudge.manifest import FILE_NAME

REPOSITORY = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")

OFFLINE = "what has arrived is kept: try again later, or pull from a folder"
FULL = "free some space, or set EDITJUDGE_HOME to a folder on another disk"
_BLOCK = 2**20


class Origin(Protocol):
    """A folder of files somewhere."""

    def copy(self, path: str, stream: hub.Stream, start: int, size: int | None) -> None:
        """Appends a file from byte `start` on to a stream that holds what is before it."""


@dataclass(frozen=True)
class Folder:
    """A folder on this machine."""

    path: Path

    def copy(self, path: str, stream: hub.Stream, start: int, size: int | None) -> None:
        try:
            original = (self.path / path).open("rb")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BundleError(f"{self.path / path} cannot be read: {reason}; name the folder of a bundle") from error
        with original:
            original.seek(start)
            shutil.copyfileobj(original, stream, _BLOCK)


def find_origin(source: str) -> Origin:
    """A folder, the address of one on a web server, or a repository such as org/name or org/name@revision.

    Raises InputError for what is none of these, and BundleError for a repository that is not on the hub.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        return Folder(folder)
    if source.startswith(("http://", "https://")) and urlsplit(source).hostname:
        return hub.Address(source.removesuffix(FILE_NAME).rstrip("/"))
    match = REPOSITORY.fullmatch(source)
    if match is None:
        raise InputError(
            f"{source} is neither a folder, nor an address such as https://example.org/bundle, nor a repository of "
            "the hub such as org/name or org/name@revision; check how it is spelt"
        )
    with told(source):
        return hub.look_up(match["name"], match["revision"])


def told(what: str) -> AbstractContextManager[None]:
    """Makes a BundleError, in one sentence, of whatever goes wrong while `what` is fetched."""
    return hub.told(what, BundleError, OFFLINE, FULL)


class Arriving:
    """A file that is being written: says how much of it is there, and refuses more than was announced."""

    def __init__(self, stream: BinaryIO, what: str, size: int | None, advance: Callable[[int], None]) -> None:
        self._stream, self._what, self._size, self._advance = stream, what, size, advance
        self.count = stream.tell()
        advance(self.count)

    def write(self, block: bytes) -> int:
        if self._size is not None and self.count + len(block) > self._size:
            raise BundleError(f"{self._what} is larger than the {self._size} bytes that the manifest says; pull again")
        self.count += len(block)
        self._advance(len(block))
        return self._stream.write(block)

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, place: int) -> int:
        return self._stream.seek(place)

    def truncate(self) -> int:
        """Called where the server sends all of it again instead of the rest."""
        size = self._stream.truncate()
        self._advance(size - self.count)
        self.count = size
        return size
