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
    "clip_vision_data",
    "clip_text_data",
    "detector_data",
    "sam_encoder_data",
    "sam_decoder_data",
]
GRAPHS = ("clip_vision", "clip_text", "detector", "sam_encoder", "sam_decoder")
"""The roles of models. One over 2 GB keeps its weights in a second file beside it, of the role with `_data` added."""
OPTIONAL_ROLES = {"parser", "domain", *(f"{graph}_data" for graph in GRAPHS)}

Triple = tuple[float, float, float]
Range = tuple[float, float]


@dataclass(frozen=True)
class FileEntry:
    """A file of a bundle: `path` inside its folder, or what a pip `package` assembles.

    parity: largest absolute error of a model against PyTorch with the same weights. rounding: the largest that its
    precision adds to that, against float32.
    """

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
    rounding: float | None = None

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

    targets: the compute capabilities it was built for, such as "sm89". version: of the library that built it.
    """

    role: Literal["clip_vision", "clip_text", "detector", "sam_encoder", "sam_decoder"]
    device: Literal["rtx", "tensorrt"]
    targets: tuple[str, ...]
    version: str
    precision: str
    weights: Literal["included", "stripped"]
    path: str
    sha256: str
    bytes: int
    data: str
    data_sha256: str
    data_bytes: int

    def __post_init__(self) -> None:
        check_inside(self.path)
        check_inside(self.data)
        _check_sha256(self.sha256)
        _check_sha256(self.data_sha256)


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
    """height, width: pixels of the input. text_length: tokens of a caption, padded.

    fit: a picture is stretched to the input, or scaled to fit into it and padded at the right and the bottom; then the
    model takes a pixel_mask.
    """

    height: int
    width: int
    mean: Triple
    std: Triple
    resample: Literal["area", "bilinear", "bicubic"]
    text_length: int
    box_threshold: float
    text_threshold: float
    fit: Literal["stretch", "pad"] = "stretch"

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
class EndToEnd:
    """How far whole scores lie from those of a pipeline of transformers' own processors and models, float32.

    pairs: how many edits were scored both ways. The rest are the largest differences: boxes in pixels of the frame,
    masks as 1 - IoU, embeddings as 1 - cosine, and the four sub-scores, not normalised.
    """

    pairs: int
    boxes: float
    masks: float
    embeddings: float
    modify: float
    preserve: float
    position: float
    size: float


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
    engines: tuple[EngineEntry, ...]
    end_to_end: EndToEnd | None


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
    for plural in {"files", "engines"} & set(content):
        raise ValueError(f"the {plural} must be given as [[{plural[:-1]}]]")
    content["files"] = _files(content.pop("file", []))
    content["engines"] = _engines(content.pop("engine", []))
    sections = {"clip": ClipSettings, "detector": DetectorSettings, "segmenter": SegmenterSettings, "norm": NormRanges}
    for name, kind in sections.items():
        if name not in content:
            raise ValueError(f"section [{name}] is missing")
        content[name] = read_table(kind, content[name], f"[{name}]")
    for name, optional in {"domain": DomainSettings, "end_to_end": EndToEnd}.items():
        content[name] = read_table(optional, content[name], f"[{name}]") if name in content else None
    if (content["domain"] is None) != ("domain" not in content["files"]):
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


def _engines(tables: object) -> tuple[EngineEntry, ...]:
    if not isinstance(tables, list):
        raise ValueError("the engines must be given as [[engine]]")
    return tuple(read_table(EngineEntry, table, "[[engine]]") for table in tables)


def _check_sha256(digest: str) -> None:
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError("sha256 must be 64 lower-case hexadecimal digits")


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
