"""The hub of models and other servers: what a repository holds, downloads that resume, and errors as one sentence.

The one file that knows huggingface_hub.
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast
from urllib.parse import quote

from huggingface_hub import (
    HfApi,
    constants,
    errors,
    get_token,
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from editjudge.errors import EditJudgeError

# Of the HTTP library that this version of huggingface_hub uses; with the newer one it is no OSError.
HTTP_ERROR: type[Exception] = errors.HTTPError  # type: ignore[attr-defined]


class Stream(Protocol):
    """What a download is written to; truncated where the server starts over."""

    def write(self, block: bytes) -> int: ...
    def tell(self) -> int: ...
    def seek(self, place: int) -> int: ...
    def truncate(self) -> int: ...


@dataclass(frozen=True)
class Repository:
    """A repository of the hub at one commit, and the bytes of its files by their paths."""

    name: str
    commit: str
    sizes: Mapping[str, int]

    def copy(self, path: str, stream: Stream, start: int, size: int | None) -> None:
        """Appends a file from byte `start` on to a stream that holds what is before it."""
        url, token = hf_hub_url(self.name, path, revision=self.commit, endpoint=HfApi().endpoint), get_token()
        _download(url, stream, start, size, {"Authorization": f"Bearer {token}"} if token else {})

    def snapshot(self, paths: Iterable[str]) -> Path:
        """The folder in the hub's own cache that holds these files, fetched where they are not there yet."""
        with _progress_bars(shown=sys.stderr.isatty()):
            return Path(HfApi().snapshot_download(self.name, revision=self.commit, allow_patterns=list(paths)))

    def outstanding(self, paths: Iterable[str]) -> int:
        """How many bytes of these files are not in the hub's own cache yet."""
        missing = sum(self.sizes[path] for path in paths if cached(self.name, self.commit, path) is None)
        blobs = cache() / f"models--{self.name.replace('/', '--')}" / "blobs"
        return missing - sum(part.stat().st_size for part in blobs.glob("*.incomplete"))


@dataclass(frozen=True)
class Address:
    """A folder on a web server."""

    url: str

    def copy(self, path: str, stream: Stream, start: int, size: int | None) -> None:
        """Appends a file from byte `start` on to a stream that holds what is before it."""
        _download(f"{self.url}/{quote(path)}", stream, start, size, {})


def look_up(name: str, revision: str | None = None) -> Repository:
    """A repository at a revision, or at the newest commit of its main branch. Asks the hub."""
    with _progress_bars(shown=False):
        info = HfApi().model_info(name, revision=revision, files_metadata=True)
    sizes = {each.rfilename: each.size or 0 for each in info.siblings or ()}
    return Repository(name, info.sha or revision or "", sizes)


def cached(name: str, revision: str, path: str) -> Path | None:
    """A file in the hub's own cache, where it is there; asks nobody."""
    found = try_to_load_from_cache(name, path, revision=revision)
    return Path(found) if isinstance(found, str) else None


def cache() -> Path:
    """The hub's own cache: HF_HUB_CACHE, or what HF_HOME says."""
    return Path(constants.HF_HUB_CACHE)


@contextmanager
def told(what: str, kind: type[EditJudgeError], offline: str, full: str) -> Iterator[None]:
    """Makes one sentence of whatever goes wrong with the hub, a server or the disk, raised as an error of this kind.

    what: that is fetched. offline, full: what to do without a network, and where the disk is full.
    """
    try:
        yield
    except errors.GatedRepoError as error:
        raise kind(f"{what} is gated: accept its licence on its page of the hub, then run hf auth login") from error
    except errors.RepositoryNotFoundError as error:
        raise kind(f"{what} is not on the hub, or private; check its name, or run hf auth login") from error
    except errors.RevisionNotFoundError as error:
        raise kind(f"{what} is not on the hub: its repository has no such revision; check it") from error
    except errors.LocalEntryNotFoundError as error:
        raise kind(f"{what} cannot be fetched: the hub cannot be reached; {offline}") from error
    except errors.EntryNotFoundError as error:
        raise kind(f"{what} is not there: its repository has no such file; check its name and revision") from error
    except (OSError, HTTP_ERROR) as error:
        raise kind(_reason(what, error, offline, full)) from error


def _reason(what: str, error: Exception, offline: str, full: str) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
        return f"{what} cannot be written: the disk is full; {full}"
    if isinstance(error, OSError) and error.filename is not None:  # not of the network
        return f"{what} cannot be written: {error.filename}: {(error.strerror or str(error)).lower()}; {full}"
    if status in {401, 403}:
        return f"{what} may not be fetched (the server answered {status}); run hf auth login"
    if status is not None:
        return f"{what} cannot be fetched: the server answered {status}; check its name, or try again later"
    return f"{what} cannot be fetched: the server cannot be reached, or hung up ({type(error).__name__}); {offline}"


def _download(url: str, stream: Stream, start: int, size: int | None, headers: dict[str, str]) -> None:
    with _progress_bars(shown=False):
        http_get(url, cast(BinaryIO, stream), resume_size=start, headers=headers, expected_size=size)


@contextmanager
def _progress_bars(*, shown: bool) -> Iterator[None]:
    """The hub's own progress bars as they are wanted, and none of its warnings; both as before in the end."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    hides = not shown and not are_progress_bars_disabled() and constants.HF_HUB_DISABLE_PROGRESS_BARS is None
    if hides:
        disable_progress_bars()
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
        if hides:
            enable_progress_bars()
