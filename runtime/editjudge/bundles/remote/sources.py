"""Where a bundle is pulled from: a folder, a web server or a repository of the hub."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import quote, urlsplit

from editjudge.bundles import huggingface
from editjudge.bundles.cache import expand_home
from editjudge.bundles.contents.regular_file import open_regular
from editjudge.bundles.manifest import FILE_NAME, LARGEST
from editjudge.bundles.remote.web import resume_from
from editjudge.errors import BundleError, InputError
from editjudge.utils.text import shorten

REPOSITORY = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")

FULL = "free some space, or set EDITJUDGE_HOME to a folder on another disk"
_BLOCK = 2**20


class BundleSource(Protocol):
    """A folder of files somewhere."""

    def copy(self, path: str, stream: BinaryIO, size: int | None) -> None:
        """Appends the rest of a file, of `size` bytes if that is known, to a stream that holds its beginning."""


@dataclass(frozen=True)
class LocalFolder:
    """A folder on this machine."""

    path: Path

    def copy(self, path: str, stream: BinaryIO, size: int | None) -> None:
        try:
            original = open_regular(self.path / path)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BundleError(f"{self.path / path} cannot be read: {reason}; name the folder of a bundle") from error
        with original:
            original.seek(stream.tell())
            shutil.copyfileobj(original, stream, _BLOCK)


@dataclass(frozen=True)
class WebFolder:
    """A folder on a web server. insecure: Whether it, or what it leads to, may be without encryption."""

    url: str
    insecure: bool = False

    def copy(self, path: str, stream: BinaryIO, size: int | None) -> None:
        resume_from(f"{self.url}/{quote(path)}", stream, size, insecure=self.insecure)


def find_source(name: str, *, insecure: bool = False) -> BundleSource:
    """A folder, the address of one on a web server, or a repository such as org/name or org/name@revision.

    Args:
        insecure: Whether an address may be without encryption.

    Raises InputError for what is none of these, and BundleError for a repository that is not on the hub.
    """
    if not name.strip():
        raise InputError("the source is empty; give a folder, an address on the web, or a repository such as org/name")
    folder = expand_home(name)
    if os.path.isdir(folder):  # False, unlike `Path.is_dir`, of a name that is too long
        return LocalFolder(folder)
    if name.startswith(("http://", "https://")) and _has_host(name):
        if not (insecure or name.startswith("https://")):
            raise InputError(
                f"{shorten(name)} is not encrypted, so that anybody on the way could change the bundle; use https, or "
                "take it as it comes with --insecure"
            )
        return WebFolder(name.removesuffix(FILE_NAME).rstrip("/"), insecure)
    match = REPOSITORY.fullmatch(name)
    try:
        if match is not None:
            with convert_fetch_errors(name):
                return huggingface.look_up(match["name"], match["revision"])
    except ValueError:  # of a name that no repository can have, such as ./nowhere
        pass
    raise InputError(
        f"{shorten(name)} is neither a folder, nor an address such as https://example.org/bundle, nor a repository of "
        "the hub such as org/name or org/name@revision; check how it is spelt"
    )


def _has_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname and address.encode()) and parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address, or half a character
        return False


def convert_fetch_errors(
    what: str, place: Path | None = None, has_arrived: Callable[[], bool] = lambda: False
) -> AbstractContextManager[None]:
    """Raises whatever goes wrong while `what` is fetched as a BundleError of one sentence.

    Args:
        place: The folder that it is written to.
        has_arrived: Whether there is something for the next try to go on with.
    """

    def offline(connect: str) -> str:
        kept = "what has arrived is kept: " if has_arrived() else ""
        return f"{kept}{connect} and try again, or pull from a folder"

    return huggingface.convert_hub_errors(what, BundleError, offline, FULL, place)


class ManifestBuffer(io.BytesIO):
    """A manifest that is being downloaded; it takes no more than a manifest may have."""

    def write(self, block: Any) -> int:
        if self.tell() + len(block) > LARGEST:
            raise BundleError(f"the {FILE_NAME} there is larger than {LARGEST:,} bytes; it is not that of a bundle")
        return super().write(block)


class DownloadFile(io.BufferedWriter):
    """A file that is being downloaded, opened to append; it refuses more than was announced.

    Args:
        path: The file; what it holds already has arrived before.
        what: What errors call it.
        remedy: What to do where there is more.
        size: How many bytes were announced, if any were.
        advance: Called with every number of bytes that have arrived, negative where the server starts over.
    """

    def __init__(
        self, path: Path, what: str, size: int | None, advance: Callable[[int], None], *, remedy: str = "pull again"
    ) -> None:
        super().__init__(io.FileIO(path, "a"))
        self._what, self._size, self._advance, self._remedy = what, size, advance, remedy
        self._count = self.tell()
        advance(self._count)

    def write(self, block: Any) -> int:
        if self._size is not None and self._count + len(block) > self._size:
            raise BundleError(
                f"{self._what} is larger than the {self._size} bytes that the manifest says; {self._remedy}"
            )
        self._count += len(block)
        self._advance(len(block))
        return super().write(block)

    def truncate(self, size: int | None = None) -> int:
        """Called where the server sends all of it again instead of the rest."""
        size = super().truncate(size)
        self._advance(size - self._count)
        self._count = size
        return size
