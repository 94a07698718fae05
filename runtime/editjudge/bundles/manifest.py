"""The manifest of a bundle, `bundle.toml`: its format, read strictly."""

from __future__ import annotations

import errno
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from editjudge.bundles.contents.regular_file import read_regular
from editjudge.bundles.files import DocumentEntry, EndToEnd, EngineEntry, FileEntry
from editjudge.bundles.roles import REQUIRED, ROLES, name_window_role
from editjudge.bundles.settings import (
    WINDOW_SIZES,
    ClipSettings,
    DetectorSettings,
    Frame,
    NormRanges,
    ParserSettings,
    SegmenterSettings,
)
from editjudge.bundles.toml_schema import check_keys, check_value, read_table, shorten
from editjudge.bundles.verdict_settings import CalibratedOn, QualityScale, VerdictSettings
from editjudge.errors import BundleError
from editjudge.types import FRAME, Look
from editjudge.utils.text import printable

FORMAT = 2
FILE_NAME = "bundle.toml"
LARGEST = 256 * 1024
"""Bytes of a manifest; one of a bundle with fifty engines has thirty thousand."""
LONGEST_MESSAGE = 400
MOST_ENTRIES = 256
"""Files, documents or engines."""
OPTIONAL: dict[str, type[Any]] = {
    "fallback_parse": ParserSettings,
    "verdict": VerdictSettings,
    "end_to_end": EndToEnd,
    "quality_scale": QualityScale,
    "calibrated_on": CalibratedOn,
}
"""Sections that a manifest may lack, and need no file."""
WINDOWED = {"detector": ("detector",), "segmenter": ("sam_encoder", "sam_decoder")}
"""The sections that have windows, and the roles that there are for each size of them."""


@dataclass(frozen=True)
class Manifest:
    """All that `bundle.toml` says.

    Attributes:
        frame: Pixels of the longest side that pictures are scaled down to before anything looks at them; never up.
        look: How much of edited pictures is looked at where nobody says.
        fallback_parse: Of the fallback parser, once it was measured; until then what it says is never taken for sure.
        quality_scale: The rating that people are expected to give, where they were asked.
        calibrated_on: The ratings that the verdict was fitted to, where they were people's.
        settings: The sections that belong to a role, by its name.
    """

    name: str
    version: str
    description: str
    frame: Frame
    look: Look
    files: Mapping[str, FileEntry]
    documents: tuple[DocumentEntry, ...]
    clip: ClipSettings
    detector: DetectorSettings
    segmenter: SegmenterSettings
    norm: NormRanges
    parse: ParserSettings
    fallback_parse: ParserSettings | None
    verdict: VerdictSettings | None
    engines: tuple[EngineEntry, ...]
    end_to_end: EndToEnd | None
    quality_scale: QualityScale | None
    calibrated_on: CalibratedOn | None
    settings: Mapping[str, Any]

    @property
    def listed(self) -> tuple[FileEntry | DocumentEntry, ...]:
        """Every file but those of the engines."""
        return (*self.files.values(), *self.documents)


def read_manifest(folder: Path) -> Manifest:
    """Reads and checks `bundle.toml`. Raises BundleError, in one sentence, for whatever is wrong with it."""
    path = folder / FILE_NAME
    try:
        content = tomllib.loads(read_regular(path, LARGEST).decode("utf-8-sig"))  # as some editors save it
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR}:
            raise BundleError(f"{folder} is not a bundle: it has no {FILE_NAME}") from None
        raise BundleError(f"{path} cannot be read: {error.strerror}; fetch the bundle again") from error
    except RecursionError:
        raise BundleError(f"{path} is malformed: it is nested too deeply; fetch the bundle again") from None
    except ValueError as error:  # tomllib.TOMLDecodeError, UnicodeDecodeError
        raise BundleError(f"{path} is malformed: {shorten_message(error)}; fetch the bundle again") from error
    try:
        return parse_manifest(content)
    except ValueError as error:
        raise BundleError(f"{path}: {shorten_message(error)}") from error


def parse_manifest(content: dict[str, Any], where: str = "the manifest") -> Manifest:
    """Checks what a manifest says, and takes it apart. Raises ValueError.

    Args:
        content: Of the TOML file; it is used up.
        where: What messages call it.
    """
    version = content.pop("format", None)
    if type(version) is not int:
        raise ValueError("it has no format number; fetch the bundle again")
    if version != FORMAT:
        remedy = "upgrade editjudge" if version > FORMAT else "build the bundle again"
        raise ValueError(f"its format is {version}, and this editjudge reads {FORMAT}; {remedy}")
    if "settings" in content:
        raise ValueError(f"{where} has keys that are not known: settings; upgrade editjudge or remove them")
    content["files"] = _read_files(_pop_tables(content, "file"))
    engines = _pop_tables(content, "engine")
    content["engines"] = tuple(read_table(EngineEntry, table, "[[engine]]") for table in engines)
    documents = _pop_tables(content, "document")
    content["documents"] = tuple(read_table(DocumentEntry, table, "[[document]]") for table in documents)
    _check_paths([*content["files"].values(), *content["documents"], *content["engines"]])
    sections = {"clip": ClipSettings, "detector": DetectorSettings, "segmenter": SegmenterSettings, "norm": NormRanges}
    for name, kind in sections.items():
        if name not in content:
            raise ValueError(f"section [{name}] is missing")
        content[name] = read_table(kind, content[name], f"[{name}]")
    settings = content["settings"] = {
        role.name: read_table(role.settings, content.pop(role.name), f"[{role.name}]")
        for role in ROLES.values()
        if role.settings is not None and role.name in content
    }
    content["parse"] = read_table(ParserSettings, content.get("parse", {}), "[parse]")
    for name, kind in OPTIONAL.items():
        table = content.get(name)
        content[name] = None if table is None else read_table(kind, table, f"[{name}]")
    for role in ROLES.values():
        if role.settings is not None and (role.name in settings) != (role.name in content["files"]):
            raise ValueError(f"section [{role.name}] and the file of role {role.name} belong together")
    if (content["detector"].architecture == "omdet-turbo") != ("detector_text" in content["files"]):
        raise ValueError("the architecture omdet-turbo of [detector] and a file of role detector_text belong together")
    for section in WINDOWED:
        _check_windows(section, content[section].windows, content["files"])
    content["frame"] = check_value(content.get("frame", FRAME), Frame, "frame")
    content["look"] = check_value(content.get("look", "all"), Look, "look")
    if content["look"] == "changes" and not content["detector"].windows:
        raise ValueError('look is "changes", and [detector] has no windows to look through')
    check_keys(Manifest, content, where)
    for name in ("name", "version", "description"):
        check_value(content[name], str, name)
    return Manifest(**content)


def _check_windows(section: str, windows: Sequence[int], files: Mapping[str, FileEntry]) -> None:
    """Raises ValueError unless there is a file for every size of windows, and a size for every such file."""
    for whole in WINDOWED[section]:
        for place in range(len(WINDOW_SIZES)):
            role = name_window_role(whole, place)
            if (place < len(windows)) != (role in files):
                there = "a" if role in files else "no"
                raise ValueError(
                    f"section [{section}] has {len(windows)} sizes of windows, and there is {there} file of role "
                    f"{role}; they belong together"
                )


def _pop_tables(content: dict[str, Any], name: str) -> list[Any]:
    tables = content.pop(name, [])
    if f"{name}s" in content or not isinstance(tables, list):
        raise ValueError(f"the {name}s must be given as [[{name}]]")
    if len(tables) > MOST_ENTRIES:
        raise ValueError(f"it has {len(tables):,} tables [[{name}]]; {MOST_ENTRIES} are allowed")
    return tables


def _read_files(tables: list[Any]) -> dict[str, FileEntry]:
    entries: dict[str, FileEntry] = {}
    for table in tables:
        role = table.get("role") if isinstance(table, dict) else None
        name = shorten(role) if isinstance(role, str) else "of no role"
        entry = read_table(FileEntry, table, f"[[file]] {name}")
        if entry.role in entries:
            raise ValueError(f"two files have the role {entry.role}")
        entries[entry.role] = entry
    missing = REQUIRED - set(entries)
    if missing:
        raise ValueError(f"no [[file]] has the role {', '.join(sorted(missing))}")
    return entries


def _check_paths(entries: Iterable[FileEntry | DocumentEntry | EngineEntry]) -> None:
    """Raises ValueError where one path is given to files that differ, or to the manifest itself."""
    listed: list[tuple[str, str, int | None]] = []
    for entry in entries:
        if entry.path is not None:
            listed.append((entry.path, entry.sha256, entry.bytes))
        if isinstance(entry, EngineEntry):
            listed.append((entry.data, entry.data_sha256, entry.data_bytes))
    found: dict[str, tuple[str, int | None]] = {}
    for path, sha256, size in listed:
        name = str(PurePosixPath(path))
        if name == FILE_NAME or found.setdefault(name, (sha256, size)) != (sha256, size):
            raise ValueError(f"it gives one path to several files, {path}; whoever built the bundle must mend it")


def shorten_message(error: ValueError) -> str:
    """The message in one line of what shows, whatever stands in the file."""
    text = printable(" ".join(str(error).split()))
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 3]}..."
