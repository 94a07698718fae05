"""The recipe of a bundle, a TOML file: which checkpoints to export and how, and what else goes in.

    name, version, description, vocabulary               as in bundle.toml
    [export.clip], [export.detector], [export.segmenter] checkpoint, storage; source, revision, licence
    [[copy]]                                             from, path; with a role also source, revision, licence
    [[file]]                                             taken over as it is: the parser's pip package
    any other section, such as [clip]                    taken over as it is: the settings

Paths of checkpoints and copies are relative to the recipe.
"""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from editjudge.errors import InputError

from .export import STORAGES, Storage

Kind = TypeVar("Kind")
MODELS = ("clip", "detector", "segmenter")
HEAD = ("name", "version", "description", "vocabulary")


@dataclass(frozen=True)
class Checkpoint:
    """A Hugging Face folder to export, and what the manifest says of the files that come of it."""

    checkpoint: Path
    source: str
    revision: str
    licence: str
    storage: Storage = "fp32"


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
    copies: tuple[Copy, ...]
    listed: tuple[dict[str, Any], ...]
    sections: dict[str, dict[str, Any]]


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe. Raises InputError; that the settings are whole is checked when the bundle has been written."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The recipe {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InputError(f"The recipe {path} is not TOML: {error}.") from None
    try:
        exports = content.pop("export", {})
        if set(exports) != set(MODELS):
            raise InputError(f"its [export] sections must be {', '.join(MODELS)}, not {', '.join(exports) or 'none'}")
        models = {name: _built(Checkpoint, table, path.parent, "checkpoint") for name, table in exports.items()}
        copies = [_built(Copy, _renamed(table), path.parent, "origin") for table in content.pop("copy", [])]
        for name, model in models.items():
            if model.storage not in STORAGES:
                raise InputError(f"the storage of {name} is {model.storage!r}; it must be one of {', '.join(STORAGES)}")
        listed = tuple(content.pop("file", []))
        head = {key: content.pop(key) for key in HEAD if key in content}
        missing = [name for name in MODELS if not isinstance(content.get(name), dict)]
        if missing:
            raise InputError(f"the settings of {', '.join(missing)} are missing")
    except InputError as error:
        raise InputError(f"The recipe {path} is wrong: {error}.") from None
    return Recipe(head, models, tuple(copies), listed, content)


def _renamed(table: dict[str, Any]) -> dict[str, Any]:
    return {"origin" if key == "from" else key: value for key, value in table.items()}


def _built(kind: type[Kind], table: dict[str, Any], base: Path, path_key: str) -> Kind:
    """The dataclass of a table of strings, the path under `path_key` taken relative to `base`."""
    known = {field.name: field.default is MISSING for field in fields(kind)}  # type: ignore[arg-type]
    wrong = sorted(set(table) - set(known)) + sorted(
        key for key, needed in known.items() if needed and key not in table
    )
    if wrong:
        raise InputError(f"a {kind.__name__.lower()} has wrong or missing keys: {', '.join(wrong)}")
    texts = {key: value for key, value in table.items() if isinstance(value, str)}
    if texts != table:
        raise InputError(f"{', '.join(sorted(set(table) - set(texts)))} of a {kind.__name__.lower()} must be a text")
    return kind(**{**texts, path_key: base / texts[path_key]})
