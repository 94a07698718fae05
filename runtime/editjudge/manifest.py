"""The manifest of a bundle, `bundle.toml`: its format, read strictly."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from editjudge.entries import (
    METRIC_GRAPHS,
    OPTIONAL_ROLES,
    EndToEnd,
    EngineEntry,
    FileEntry,
    Role,
    check_inside,
)
from editjudge.errors import BundleError
from editjudge.settings import (
    ClipSettings,
    DetectorSettings,
    DomainSettings,
    NormRanges,
    ParserSettings,
    PictureSettings,
    SegmenterSettings,
)
from editjudge.tables import check_keys, check_value, listed, read_table

FORMAT = 1
FILE_NAME = "bundle.toml"


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
    parse: ParserSettings
    engines: tuple[EngineEntry, ...]
    end_to_end: EndToEnd | None
    lpips: PictureSettings | None
    dino: PictureSettings | None
    dinov2: PictureSettings | None


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
    metrics = dict.fromkeys(METRIC_GRAPHS, PictureSettings)
    for name, optional in {"domain": DomainSettings, "end_to_end": EndToEnd, **metrics}.items():
        content[name] = read_table(optional, content[name], f"[{name}]") if name in content else None
    content["parse"] = read_table(ParserSettings, content.get("parse", {}), "[parse]")
    for name in ("domain", *METRIC_GRAPHS):
        if (content[name] is None) != (name not in content["files"]):
            raise ValueError(f"section [{name}] and the file of role {name} belong together")
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
