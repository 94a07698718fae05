"""The recipe of a bundle, a TOML file: which checkpoints to export and how, and what else goes in.

    name, version, description, frame, look  as in bundle.toml
    [export.NAME]                            a model, by the name of its architecture (`architectures.registry`), which
                                             the key `architecture` of [NAME] may replace by another:
                                             checkpoint, or hub and revision, or url and sha256; precision; source,
                                             licence
    [build]                                  what building takes: disk and memory in GB, minutes on two cores
    [parser], [fallback_parser]              path, or hub, file and revision; sha256; precision and so on
    [[copy]]                                 from, path; with a role also source, revision, licence, without one it
                                             is a document, such as a card or a notice; with a bundle,
                                             which is named, `from` is a file of that bundle
    [[file]]                                 copied as it stands: a parser that a pip package brings
    any other section, such as [clip]        copied as it stands: the settings

Paths of checkpoints, parsers and copies are relative to the recipe. A revision of the hub is a commit, as branches and
tags move; without one the newest is taken, and the manifest says which that was.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from editjudge.bundles.toml_schema import compare_keys, read_table
from editjudge.errors import InputError
from editjudge_export.architectures.architecture import Architecture
from editjudge_export.architectures.registry import ARCHITECTURES, REQUIRED, SECTIONS, find_architecture
from editjudge_export.checkpoints.origins import BuildNeeds, CheckpointSource, CopiedFile, ParserFile

HEAD = ("name", "version", "description", "frame", "look")
FALLBACK = "fallback_parser"
PARSERS = ("parser", FALLBACK)


Entry = TypeVar("Entry", CheckpointSource, ParserFile, CopiedFile)


@dataclass(frozen=True)
class Recipe:
    """What a recipe says.

    Attributes:
        head: The manifest's first lines.
        needs: What building it takes.
        models: The checkpoints, by the name of their architecture.
        parsers: By their role.
        copies: What is copied.
        listed: The [[file]] tables.
        sections: The settings, by section.
    """

    head: dict[str, Any]
    needs: BuildNeeds
    models: dict[str, CheckpointSource]
    parsers: dict[str, ParserFile]
    copies: tuple[CopiedFile, ...]
    listed: tuple[dict[str, Any], ...]
    sections: dict[str, dict[str, Any]]

    @property
    def architectures(self) -> dict[str, Architecture]:
        """Of the models, by their section."""
        return {name: find_architecture(name, self.sections[name]) for name in self.models}


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe; what its bundle's manifest would say is checked by `recipe_check`. Raises InputError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"the recipe {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"the recipe {path} is not TOML: {error}") from None
    try:
        return _read_content(content, path.parent)
    except ValueError as error:
        raise InputError(f"the recipe {path} is wrong: {error}") from None


def _read_content(content: dict[str, Any], base: Path) -> Recipe:
    exports, needs = content.pop("export", {}), read_table(BuildNeeds, content.pop("build", {}), "[build]")
    if not isinstance(exports, dict) or not set(REQUIRED) <= set(exports) <= set(SECTIONS):
        others = [name for name in SECTIONS if name not in REQUIRED]
        wanted = f"{', '.join(REQUIRED)}, and may be {', '.join(others)}"
        raise ValueError(f"its [export] sections must be {wanted}, not {', '.join(exports) or 'none'}")
    models = {
        name: _read_entry(CheckpointSource, table, f"[export.{name}]", "checkpoint", base)
        for name, table in exports.items()
    }
    for name, model in models.items():
        from_url = ARCHITECTURES[name].from_url
        if model.hub if from_url else model.url:
            raise ValueError(f"[export.{name}] must have a checkpoint or a {'url' if from_url else 'hub'}")
    parsers = {
        role: _read_entry(ParserFile, content.pop(role), f"[{role}]", "path", base)
        for role in PARSERS
        if role in content
    }
    copies = tuple(
        _read_entry(CopiedFile, _rename_origin(table), "a [[copy]]", "origin", base)
        for table in _pop_tables(content, "copy")
    )
    listed = tuple(_pop_tables(content, "file"))
    for role in parsers:
        if any(table.get("role") == role for table in listed):
            raise ValueError(f"it has both a [{role}] and a [[file]] with that role; one must go")
    head = {key: content.pop(key) for key in HEAD if key in content}
    missing = [name for name in models if not isinstance(content.get(name), dict)]
    if missing:
        raise ValueError(f"the settings of {', '.join(missing)} are missing")
    for name in models:
        find_architecture(name, content[name])
    return Recipe(head, needs, models, parsers, copies, listed, content)


def _read_entry(kind: type[Entry], table: object, where: str, path_key: str, base: Path) -> Entry:
    """A table of texts, of which the path, under `path_key`, is relative to `base`. Raises ValueError."""
    if not isinstance(table, dict):
        raise ValueError(f"{where} must be a table")
    unknown, missing = compare_keys(kind, table)
    if unknown or missing:
        raise ValueError(f"{where} has wrong or missing keys: {', '.join(unknown + missing)}")
    for key, value in table.items():
        if not isinstance(value, str):
            raise ValueError(f"{key} of {where} must be a text")
    place = Path() if "bundle" in table else base  # where a bundle lies depends on the machine
    try:
        return kind(**{key: place / value if key == path_key else value for key, value in table.items()})
    except ValueError as error:
        raise ValueError(f"{where} {error}") from None


def _pop_tables(content: dict[str, Any], key: str) -> list[dict[str, Any]]:
    tables = content.pop(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"every {key} must be given as [[{key}]]")
    return tables


def _rename_origin(table: dict[str, Any]) -> dict[str, Any]:
    """`from` is no name in Python."""
    return {"origin" if key == "from" else key: value for key, value in table.items()}
