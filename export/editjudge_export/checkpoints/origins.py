"""Where the files of a bundle come from, as its recipe says, and as they were fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from editjudge.bundles.files import check_inside
from editjudge_export.onnx.precision import PRECISIONS, Precision


@dataclass(frozen=True)
class BuildNeeds:
    """What building a bundle was seen to take; None: nobody has measured it.

    Attributes:
        disk: GB (10^9 bytes) where the bundle is built, beside the parsers that are copied there.
        memory: GB at the most.
        minutes: On two cores, after the downloads.
    """

    disk: float | None = None
    memory: float | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        if any(value is not None and value < 0 for value in (self.disk, self.memory, self.minutes)):
            raise ValueError("must have no negative numbers")


@dataclass(frozen=True)
class CheckpointSource:
    """Where the checkpoint of a model is, and what the manifest is to say of it.

    Attributes:
        checkpoint: A Hugging Face folder.
        hub: A repository of the hub.
        url: The file with the weights, for an architecture that has them at a web address.
        sha256: Of that file.
        revision: A commit of the hub; for a folder whatever its owner says.
        precision: What the graphs are to be in.
        source, licence: For the manifest.
    """

    checkpoint: Path | None = None
    hub: str | None = None
    url: str | None = None
    sha256: str | None = None
    revision: str = ""
    precision: Precision = "fp32"
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        if [self.checkpoint, self.hub, self.url].count(None) != 2:
            raise ValueError("must have either a checkpoint or a hub")
        if (self.url is None) != (self.sha256 is None):
            raise ValueError("must have a sha256 with its url")
        _check_sha256(self.sha256)
        if self.precision not in PRECISIONS:
            raise ValueError(f"has the precision {self.precision!r}; it must be one of {', '.join(PRECISIONS)}")
        _check_commit(self.hub, self.revision)


@dataclass(frozen=True)
class ParserFile:
    """A parser in GGUF: a file on this machine, or one in a repository of the hub.

    Attributes:
        path: The file.
        hub, file: The repository, and the file in it.
        revision: A commit of the hub; for a path whatever its owner says.
        sha256: Of the file, where it is to be checked.
        precision, source, licence: For the manifest.
    """

    path: Path | None = None
    hub: str | None = None
    file: str | None = None
    revision: str = ""
    sha256: str | None = None
    precision: str = ""
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        if (self.path is None) == (self.hub is None) or (self.hub is None) != (self.file is None):
            raise ValueError("must have either a path, or a hub and a file")
        if self.file is not None:
            check_inside(self.file)
        _check_sha256(self.sha256)
        _check_commit(self.hub, self.revision)


@dataclass(frozen=True)
class CopiedFile:
    """A file that goes into the bundle as it is.

    Attributes:
        origin: Where it is, in `bundle` if one is named; in the recipe itself under "from".
        path: In the bundle that is built.
        bundle: A bundle that is here, by its name.
        role: What the manifest lists it as; None: as a document.
        source, revision, licence: For the manifest.
    """

    origin: Path
    path: str
    bundle: str | None = None
    role: str | None = None
    source: str = ""
    revision: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        check_inside(self.path)
        if self.bundle is not None:
            check_inside(self.origin.as_posix())


@dataclass(frozen=True)
class FetchedFiles:
    """A checkpoint's folder, or a parser's file, and what a manifest can truly say of where it is from.

    Attributes:
        path: The folder or the file.
        source: A page of the hub, an address, or what the recipe says of a path of its own.
        revision: A commit of the hub where that is certain, or what the recipe says of a path of its own.
    """

    path: Path
    source: str
    revision: str


def _check_sha256(sha256: str | None) -> None:
    if sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError("has a sha256 that is not 64 lower-case hexadecimal digits")


def _check_commit(hub: str | None, revision: str) -> None:
    if hub is not None and not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", hub):
        raise ValueError(f"has the hub {hub!r}; it must be the name of a repository such as org/name")
    if hub is not None and revision and not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise ValueError(f"has the revision {revision!r}; it must be the 40 hexadecimal digits of a commit")
