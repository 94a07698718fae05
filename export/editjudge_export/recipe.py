"""The recipe of a bundle, a TOML file: which checkpoints to export and how, and what else goes in.

    name, version, description, vocabulary                as in bundle.toml
    [export.clip], [export.detector], [export.segmenter]  checkpoint, or hub and revision; precision; source, licence
    [export.dino], [export.dinov2], [export.lpips]        the same, of metrics; of lpips also url and sha256
    [parser], [fallback_parser]                           path, or hub, file and revision; sha256; precision and so on
    [[copy]]                                              from, path; with a role also source, revision, licence
    [[file]]                                              taken over as it is: a parser that a pip package brings
    any other section, such as [clip]                     taken over as it is: the settings

Paths of checkpoints, parsers and copies are relative to the recipe. A revision of the hub is a commit, as branches and
tags move; without one the newest is taken, and the manifest says which that was.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from editjudge.entries import METRIC_GRAPHS, check_inside
from editjudge.errors import InputError

from .precision import PRECISIONS, Precision

Kind = TypeVar("Kind")
MODELS = ("clip", "detector", "segmenter")
HEAD = ("name", "version", "description", "vocabulary")
PARSERS = ("parser", "fallback_parser")


@dataclass(frozen=True)
class Checkpoint:
    """A model to export: a Hugging Face folder, or a repository of the hub. The rest is for the manifest.

    url, sha256: of LPIPS, the file with the weights of its AlexNet.
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
    """A parser in GGUF: a file on this machine, or one of a repository of the hub. The rest is for the manifest."""

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
class Copy:
    """A file that goes into the bundle as it is; listed in its manifest only where it has a role."""

    origin: Path
    path: str
    role: str | None = None
    source: str = ""
    revision: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Recipe:
    """head: the manifest's first lines. listed: [[file]] tables. sections: the settings, by name."""

    head: dict[str, Any]
    models: dict[str, Checkpoint]
    parsers: dict[str, ParserFile]
    copies: tuple[Copy, ...]
    listed: tuple[dict[str, Any], ...]
    sections: dict[str, dict[str, Any]]


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe. Raises InputError; that the settings are whole is checked when the bundle has been written."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"the recipe {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"the recipe {path} is not TOML: {error}") from None
    try:
        return _recipe(content, path.parent)
    except ValueError as error:
        raise InputError(f"the recipe {path} is wrong: {error}") from None


def _recipe(content: dict[str, Any], base: Path) -> Recipe:
    exports = content.pop("export", {})
    if not isinstance(exports, dict) or not set(MODELS) <= set(exports) <= {*MODELS, *METRIC_GRAPHS}:
        wanted = f"{', '.join(MODELS)}, and of metrics {', '.join(METRIC_GRAPHS)}"
        raise ValueError(f"its [export] sections must be {wanted}, not {', '.join(exports) or 'none'}")
    models = {name: _built(Checkpoint, table, f"[export.{name}]", base) for name, table in exports.items()}
    for name, model in models.items():
        if (name == "lpips" and model.hub) or (name != "lpips" and model.url):
            raise ValueError(f"[export.{name}] must have a checkpoint or a {'url' if name == 'lpips' else 'hub'}")
    parsers = {role: _built(ParserFile, content.pop(role), f"[{role}]", base) for role in PARSERS if role in content}
    copies = tuple(_built(Copy, _renamed(table), "a [[copy]]", base) for table in _tables(content, "copy"))
    listed = tuple(_tables(content, "file"))
    for role in parsers:
        if any(table.get("role") == role for table in listed):
            raise ValueError(f"it has both a [{role}] and a [[file]] with that role; one must go")
    head = {key: content.pop(key) for key in HEAD if key in content}
    missing = [name for name in models if not isinstance(content.get(name), dict)]
    if missing:
        raise ValueError(f"the settings of {', '.join(missing)} are missing")
    return Recipe(head, models, parsers, copies, listed, content)


def _tables(content: dict[str, Any], key: str) -> list[dict[str, Any]]:
    tables = content.pop(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"every {key} must be given as [[{key}]]")
    return tables


def _renamed(table: dict[str, Any]) -> dict[str, Any]:
    return {"origin" if key == "from" else key: value for key, value in table.items()}


def _built(kind: type[Kind], table: dict[str, Any], where: str, base: Path) -> Kind:
    """The dataclass of a table of texts, its paths taken relative to `base`. Raises ValueError."""
    if not isinstance(table, dict):
        raise ValueError(f"{where} must be a table")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    needed = {name for name, field in known.items() if field.default is MISSING}
    wrong = sorted(set(table) - set(known)) + sorted(needed - set(table))
    if wrong:
        raise ValueError(f"{where} has wrong or missing keys: {', '.join(wrong)}")
    for key, value in table.items():
        if not isinstance(value, str):
            raise ValueError(f"{key} of {where} must be a text")
    try:
        return kind(**{key: base / value if "Path" in known[key].type else value for key, value in table.items()})
    except ValueError as error:
        raise ValueError(f"{where} {error}") from None


def _check_sha256(sha256: str | None) -> None:
    if sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError("has a sha256 that is not 64 lower-case hexadecimal digits")


def _check_commit(hub: str | None, revision: str) -> None:
    if hub is not None and not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", hub):
        raise ValueError(f"has the hub {hub!r}; it must be the name of a repository such as org/name")
    if hub is not None and revision and not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise ValueError(f"has the revision {revision!r}; it must be the 40 hexadecimal digits of a commit")
