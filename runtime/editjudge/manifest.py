"""The manifest of a bundle, `bundle.toml`: its format, read strictly."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

from editjudge.errors import BundleError
from editjudge.tables import check_keys, check_value, listed, read_table

FORMAT = 1
FILE_NAME = "bundle.toml"

Role = Literal[
    "clip_vision",
    "clip_text",
    "clip_tokenizer",
    "detector",
    "detector_tokenizer",
    "sam_encoder",
    "sam_decoder",
    "parser",
    "domain",
]
OPTIONAL_ROLES = {"parser", "domain"}

Triple = tuple[float, float, float]
Range = tuple[float, float]


@dataclass(frozen=True)
class FileEntry:
    """A file of a bundle: `path` inside its folder, or what a pip `package` assembles. parity: max abs error."""

    role: Role
    sha256: str
    path: str | None = None
    package: str | None = None
    bytes: int | None = None
    precision: str = ""
    source: str = ""
    revision: str = ""
    licence: str = ""
    parity: float | None = None

    def __post_init__(self) -> None:
        if (self.path is None) == (self.package is None):
            raise ValueError("must have either a path or a package")
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError("sha256 must be 64 lower-case hexadecimal digits")
        if self.path is not None:
            check_inside(self.path)
            if self.bytes is None:
                raise ValueError("has no bytes")


@dataclass(frozen=True)
class ClipSettings:
    """size: pixels of a side. context: tokens of a text, padded or truncated."""

    size: int
    mean: Triple
    std: Triple
    resample: Literal["area", "bilinear", "bicubic"]
    fit: Literal["stretch", "center_crop"]
    context: int

    def __post_init__(self) -> None:
        _check_positive(self, "size", "std", "context")


@dataclass(frozen=True)
class DetectorSettings:
    """height, width: pixels a picture is stretched to. text_length: tokens of a caption, padded."""

    height: int
    width: int
    mean: Triple
    std: Triple
    resample: Literal["area", "bilinear", "bicubic"]
    text_length: int
    box_threshold: float
    text_threshold: float

    def __post_init__(self) -> None:
        _check_positive(self, "height", "width", "std", "text_length", "box_threshold", "text_threshold")


@dataclass(frozen=True)
class SegmenterSettings:
    """size: pixels of the longest side, padded to a square. mask_size: side of the masks that come out."""

    size: int
    mean: Triple
    std: Triple
    resample: Literal["area", "bilinear", "bicubic"]
    mask_size: int
    threshold: float

    def __post_init__(self) -> None:
        _check_positive(self, "size", "std", "mask_size")


@dataclass(frozen=True)
class NormRanges:
    """The raw scores that Norm() maps to 0 and 1, as calibrated for this bundle (spec section 4)."""

    modify: Range
    preserve: Range

    def __post_init__(self) -> None:
        for name, (low, high) in vars(self).items():
            if not low < high:
                raise ValueError(f"{name} must rise, not go from {low} to {high}")


@dataclass(frozen=True)
class DomainSettings:
    """A picture whose logit lies under the threshold is unlike what the bundle was trained on."""

    threshold: float


@dataclass(frozen=True)
class Manifest:
    """All that `bundle.toml` says."""

    name: str
    version: str
    description: str
    vocabulary: str | None
    files: Mapping[str, FileEntry]
    clip: ClipSettings
    detector: DetectorSettings
    segmenter: SegmenterSettings
    norm: NormRanges
    domain: DomainSettings | None


def read_manifest(folder: Path) -> Manifest:
    """Reads and checks `bundle.toml`. Raises BundleError, in one sentence, for whatever is wrong with it."""
    where = folder / FILE_NAME
    try:
        content = tomllib.loads(where.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{folder} is not a bundle: it has no {FILE_NAME}") from None
    except OSError as error:
        raise BundleError(f"{where} cannot be read: {error.strerror}") from error
    except ValueError as error:  # tomllib.TOMLDecodeError, UnicodeDecodeError
        raise BundleError(f"{where} is malformed: {error}; fetch the bundle again") from error
    try:
        return _manifest(content)
    except ValueError as error:
        raise BundleError(f"{where}: {error}") from error


def _manifest(content: dict[str, Any]) -> Manifest:
    version = content.pop("format", None)
    if type(version) is not int:
        raise ValueError("it has no format number; fetch the bundle again")
    if version > FORMAT:
        raise ValueError(f"its format is {version}, and this editjudge reads {FORMAT}; upgrade editjudge")
    if version < FORMAT:
        raise ValueError(f"its format is {version}, and this editjudge reads {FORMAT}; build the bundle again")
    if "files" in content:
        raise ValueError("the files must be given as [[file]]")
    content["files"] = _files(content.pop("file", []))
    sections = {"clip": ClipSettings, "detector": DetectorSettings, "segmenter": SegmenterSettings, "norm": NormRanges}
    for name, kind in sections.items():
        if name not in content:
            raise ValueError(f"section [{name}] is missing")
        content[name] = read_table(kind, content[name], f"[{name}]")
    domain = content.get("domain")
    content["domain"] = None if domain is None else read_table(DomainSettings, domain, "[domain]")
    if (domain is None) != ("domain" not in content["files"]):
        raise ValueError("section [domain] and the file of role domain belong together")
    content.setdefault("vocabulary", None)
    if content["vocabulary"] is not None:
        check_inside(check_value(content["vocabulary"], str, "vocabulary"))
    check_keys(Manifest, content, "the manifest")
    for name in ("name", "version", "description"):
        check_value(content[name], str, name)
    return Manifest(**content)


def _files(tables: object) -> dict[str, FileEntry]:
    if not isinstance(tables, list):
        raise ValueError("the files must be given as [[file]]")
    entries: dict[str, FileEntry] = {}
    for table in tables:
        role = table.get("role", "of no role") if isinstance(table, dict) else "of no role"
        entry = read_table(FileEntry, table, f"[[file]] {role}")
        if entry.role in entries:
            raise ValueError(f"two files have the role {entry.role}")
        entries[entry.role] = entry
    missing = set(get_args(Role)) - OPTIONAL_ROLES - set(entries)
    if missing:
        raise ValueError(f"no [[file]] has the role {listed(missing)}")
    return entries


def check_inside(path: str) -> None:
    """Raises ValueError for a path that could leave the bundle's folder."""
    parts = PurePosixPath(path)
    if not path or parts.is_absolute() or ".." in parts.parts or "\\" in path or ":" in path:
        raise ValueError(f"the path {path!r} leads outside the bundle")


def _check_positive(section: object, *names: str) -> None:
    for name in names:
        value = getattr(section, name)
        if not all(each > 0 for each in (value if isinstance(value, tuple) else (value,))):
            raise ValueError(f"{name} must be above 0, not {value}")
