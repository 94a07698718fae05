"""The files of a bundle, as its manifest lists them, and what was measured of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Literal

from editjudge.bundles.roles import GraphName, RoleName
from editjudge.bundles.toml_schema import Between

FileSize = Annotated[int, Between(0, 2**40)]
"""Bytes."""
ParityError = Annotated[float, Between(0, 1e6)]
LONGEST_PATH = 200
"""Characters of a path in a bundle."""
Count = Annotated[int, Between(0, 10**9)]


@dataclass(frozen=True)
class FileEntry:
    """A file of a bundle: `path` inside its folder, or what a pip `package` assembles.

    Attributes:
        parity: The largest absolute error of a model against PyTorch with the same weights.
        rounding: The largest that its precision adds to that, against float32.
    """

    role: RoleName
    sha256: str
    path: str | None = None
    package: str | None = None
    bytes: FileSize | None = None
    precision: str = ""
    source: str = ""
    revision: str = ""
    licence: str = ""
    parity: ParityError | None = None
    rounding: ParityError | None = None

    def __post_init__(self) -> None:
        if (self.path is None) == (self.package is None):
            raise ValueError("must have either a path or a package")
        _check_sha256(self.sha256)
        if self.path is not None:
            check_inside(self.path)
            if self.bytes is None:
                raise ValueError("has no bytes")


@dataclass(frozen=True)
class EngineEntry:
    """A model compiled ahead for some GPUs: a small ONNX file at `path` that points to the engine at `data`.

    Attributes:
        targets: The compute capabilities it was built for, such as "sm89".
        version: Of the library that built it.
    """

    role: GraphName
    device: Literal["rtx", "tensorrt"]
    targets: tuple[str, ...]
    version: str
    precision: str
    weights: Literal["included", "stripped"]
    path: str
    sha256: str
    bytes: FileSize
    data: str
    data_sha256: str
    data_bytes: FileSize

    def __post_init__(self) -> None:
        check_inside(self.path)
        check_inside(self.data)
        _check_sha256(self.sha256)
        _check_sha256(self.data_sha256)


@dataclass(frozen=True)
class EndToEnd:
    """How far whole scores lie from those of a pipeline of transformers' own processors and models, float32.

    All but the first two are the largest differences: boxes in pixels of the frame, masks as 1 - IoU, embeddings as
    1 - cosine, and the four sub-scores, not normalised.

    Attributes:
        pairs: How many edits were scored both ways.
        found: How many boxes the reference found in them.
    """

    pairs: Count
    found: Count
    boxes: ParityError
    masks: ParityError
    embeddings: ParityError
    modify: ParityError
    preserve: ParityError
    position: ParityError
    size: ParityError


@dataclass(frozen=True)
class DocumentEntry:
    """A file that people read, such as a card or a notice; no model needs it."""

    path: str
    sha256: str
    bytes: FileSize

    def __post_init__(self) -> None:
        check_inside(self.path)
        _check_sha256(self.sha256)


def check_inside(path: str) -> None:
    """Raises ValueError for a path that could leave the bundle's folder, or that some systems could not have."""
    parts = PurePosixPath(path)
    if not path or parts.is_absolute() or ".." in parts.parts or "\\" in path or ":" in path:
        raise ValueError(f"the path {path[:80]!r} leads outside the bundle")
    if len(path) > LONGEST_PATH:
        raise ValueError(f"the path {path[:80]!r} is longer than {LONGEST_PATH} characters")


def _check_sha256(digest: str) -> None:
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError("sha256 must be 64 lower-case hexadecimal digits")
