"""The Hugging Face hub: what a repository holds, downloads that resume, and one sentence for each error.

The one file that knows huggingface_hub.
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.error import URLError

from huggingface_hub import HfApi, constants, errors, get_token, hf_hub_url, try_to_load_from_cache
from huggingface_hub.file_download import http_get
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from editjudge.errors import EditJudgeError

# Of the HTTP library that this version of huggingface_hub uses; with the newer one it is no OSError.
HTTP_ERROR: type[Exception] = errors.HTTPError  # type: ignore[attr-defined]

PROBLEMS: dict[type[Exception], str] = {
    errors.GatedRepoError: "is gated: accept its licence on its page of the hub, then run hf auth login",
    errors.RepositoryNotFoundError: "is not on the hub, or private; check its name, or run hf auth login",
    errors.RevisionNotFoundError: "is not on the hub: its repository has no such revision; check it",
    errors.OfflineModeIsEnabled: "cannot be fetched: HF_HUB_OFFLINE is set; {offline}",
    errors.LocalEntryNotFoundError: "cannot be fetched: the hub cannot be reached; {offline}",
    errors.EntryNotFoundError: "is not there: its repository has no such file; check its name and revision",
}
"""What is wrong: the first class that fits an error says it."""
PATIENCE = 20.0
"""Seconds without a word from the hub on first contact."""
UNKNOWN_TOKEN = "Invalid credentials"
"""How the hub's message begins where it knows no such token; it says so of public repositories, too."""


@dataclass(frozen=True)
class Repository:
    """A repository of the hub at one commit.

    Attributes:
        name, commit: Which.
        sizes: The bytes of its files by their paths.
        digests: The sha256 of those that are large.
    """

    name: str
    commit: str
    sizes: Mapping[str, int]
    digests: Mapping[str, str] = field(default_factory=dict)

    def copy(self, path: str, stream: BinaryIO, size: int | None) -> None:
        """Appends the rest of a file, of `size` bytes if that is known, to a stream that holds its beginning."""
        url, token = hf_hub_url(self.name, path, revision=self.commit, endpoint=HfApi().endpoint), get_token()
        resume_download(url, stream, size, {"Authorization": f"Bearer {token}"} if token else {})

    def download(self, paths: Iterable[str]) -> Path:
        """Fetches those of these files that are not in the hub's own cache; returns the folder there that holds all."""
        with _quiet_hub(bars=sys.stderr.isatty()):
            return Path(HfApi().snapshot_download(self.name, revision=self.commit, allow_patterns=list(paths)))

    def check_files(self, paths: Iterable[str]) -> str | None:
        """Asks for the head of each of these files: what is wrong with the first that is not as it was listed.

        None: they are all there. Raises the hub's errors, for instance where they are gated.
        """
        for path in paths:
            url = hf_hub_url(self.name, path, revision=self.commit, endpoint=HfApi().endpoint)
            try:
                with _quiet_hub():
                    size = HfApi().get_hf_file_metadata(url=url).size
            except errors.EntryNotFoundError:
                return f"the hub lists {path}, and has it not"
            if size is not None and size != self.sizes[path]:
                return f"the hub lists {path} with {self.sizes[path]} bytes, and has {size}"
        return None

    def count_missing_bytes(self, paths: Iterable[str]) -> int:
        """How much of these files is not in the hub's own cache yet."""
        missing = sum(self.sizes[path] for path in paths if find_cached(self.name, self.commit, path) is None)
        blobs = hub_cache() / f"models--{self.name.replace('/', '--')}" / "blobs"
        return missing - sum(part.stat().st_size for part in blobs.glob("*.incomplete"))


def look_up(name: str, revision: str | None = None) -> Repository:
    """Asks the hub for a repository at a revision, by default at the newest commit of its main branch.

    It has another name where it was moved.
    """
    with _quiet_hub():
        info = HfApi().model_info(name, revision=revision, files_metadata=True, timeout=PATIENCE)
    files = info.siblings or ()
    sizes = {file.rfilename: file.size or 0 for file in files}
    digests = {file.rfilename: file.lfs.sha256 for file in files if file.lfs is not None}
    return Repository(info.id or name, info.sha or revision or "", sizes, digests)


def measure(url: str) -> int | None:
    """Asks a server other than the hub how many bytes are at an address; None where it does not say."""
    with _quiet_hub():
        found = HfApi().get_hf_file_metadata(url=url, token=False)
    return found.size if found.location == url else None


def resume_download(url: str, stream: BinaryIO, size: int | None, headers: dict[str, str]) -> None:
    """Appends the rest of what is at an address, of `size` bytes if that is known, to a stream with its beginning."""
    with _quiet_hub():
        http_get(url, stream, resume_size=stream.tell(), headers=headers, expected_size=size)


def find_cached(name: str, revision: str, path: str) -> Path | None:
    """A file in the hub's own cache, where it is there; asks nobody."""
    found = try_to_load_from_cache(name, path, revision=revision)
    return Path(found) if isinstance(found, str) else None


def hub_cache() -> Path:
    """The hub's own cache: HF_HUB_CACHE, or what HF_HOME says."""
    return Path(constants.HF_HUB_CACHE)


@contextmanager
def convert_hub_errors(
    what: str, kind: type[EditJudgeError], offline: Callable[[str], str], full: str, place: Path | None = None
) -> Iterator[None]:
    """Raises whatever goes wrong with the hub, a server or the disk as one sentence.

    Args:
        what: What is being fetched.
        kind: The error to raise.
        offline: Gives what to do without a network, of what brings it back, such as "connect".
        full: What to do where the disk is full.
        place: The folder that it is fetched to, where it is known.
    """
    try:
        yield
    except (OSError, HTTP_ERROR, errors.EntryNotFoundError) as error:
        problem = _explain_disk(error, what if place is None else str(place))
        if problem is not None:
            raise kind(f"{problem}; {full}") from error
        raise kind(f"{what} {_explain(error, offline(_online_again()))}") from error


def _explain_disk(error: Exception, place: str) -> str | None:
    if any(isinstance(error, problem) for problem in PROBLEMS):
        return None
    if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
        return f"{place} cannot be written: the disk is full"
    if isinstance(error, OSError) and error.filename is not None:  # not of the network
        return f"{error.filename} cannot be written: {(error.strerror or str(error)).lower()}"
    return None


def _explain(error: Exception, offline: str) -> str:
    for kind, problem in PROBLEMS.items():
        if isinstance(error, kind):
            return problem.format(offline=offline)
    response = getattr(error, "response", None)
    status, headers = getattr(response, "status_code", None), getattr(response, "headers", {})
    if status in {401, 403}:
        return _explain_refusal(status, headers.get("X-Error-Message", ""))
    if status is not None:
        return f"cannot be fetched: the server answered {status}; check its name, or try again later"
    return f"cannot be fetched: the server cannot be reached, or hung up ({_name_reason(error)}); {offline}"


def _name_reason(error: Exception) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror.lower()
    return (str(reason) if isinstance(reason, TimeoutError) else "") or type(reason).__name__


def _online_again() -> str:
    return "unset HF_HUB_OFFLINE" if constants.HF_HUB_OFFLINE else "connect"


def _explain_refusal(status: int, message: str) -> str:
    if message.startswith(UNKNOWN_TOKEN):
        return (
            "cannot be fetched: the hub does not know the token of this machine, which is HF_TOKEN or that of the last "
            "login; renew it with hf auth login, or remove it with hf auth logout"
        )
    return f"may not be fetched (the server answered {status}); run hf auth login"


@contextmanager
def _quiet_hub(*, bars: bool = False) -> Iterator[None]:
    """Silences the hub's warnings, and its progress bars unless they are asked for; both are as before in the end."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    hides = not bars and not are_progress_bars_disabled() and constants.HF_HUB_DISABLE_PROGRESS_BARS is None
    if hides:
        disable_progress_bars()
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
        if hides:
            enable_progress_bars()
