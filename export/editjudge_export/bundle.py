"""The manifest of a bundle that is being built: what each of its files is, and what was measured of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tomli_w

from editjudge.entries import EndToEnd
from editjudge.errors import BundleError, InputError
from editjudge.manifest import FILE_NAME, FORMAT, read_manifest
from editjudge.store import file_sha256

from .engines import Engine
from .export import Exported
from .recipe import Recipe


def write_manifest(
    recipe: Recipe,
    folder: Path,
    files: Iterable[Mapping[str, Any]],
    engines: Iterable[Mapping[str, Any]],
    end_to_end: EndToEnd | None,
) -> None:
    """Writes bundle.toml. Raises InputError where the recipe's settings do not make a manifest."""
    content = {"format": FORMAT, **recipe.head, **recipe.sections}
    if end_to_end is not None:
        content["end_to_end"] = {
            name: _rounded(value) if isinstance(value, float) else value for name, value in asdict(end_to_end).items()
        }
    content["file"] = [*files, *recipe.listed]
    content["engine"] = [*engines]
    (folder / FILE_NAME).write_text(tomli_w.dumps(content), encoding="utf-8")
    try:
        read_manifest(folder)
    except BundleError as error:
        raise InputError(f"the recipe does not make a bundle: {error}") from None


def exported_entries(exported: Exported, about: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    """The entry of a graph, of the file of its weights where it has one, or of a tokenizer."""
    yield file_entry(
        exported.role,
        exported.path,
        exported.path.name,
        {**about, "precision": exported.precision},
        parity=exported.parity,
        rounding=exported.rounding and exported.rounding.largest,
    )
    if exported.data is not None:
        yield file_entry(f"{exported.role}_data", exported.data, exported.data.name, about)


def file_entry(role: str, file: Path, path: str, about: Mapping[str, str], **measured: float | None) -> dict[str, Any]:
    """A [[file]]; about: source, revision, licence, precision."""
    entry: dict[str, Any] = {"role": role, "path": path, **_digest(file), **about}
    entry |= {name: _rounded(value) for name, value in measured.items() if value is not None}
    return {key: value for key, value in entry.items() if value != ""}


def engine_entry(engine: Engine) -> dict[str, Any]:
    """An [[engine]]."""
    data = {f"data_{key}": value for key, value in _digest(engine.path).items()}
    return {
        "role": engine.role,
        "device": engine.device,
        "targets": list(engine.targets),
        "version": engine.version,
        "precision": engine.precision,
        "weights": engine.weights,
        "path": engine.wrapper.name,
        **_digest(engine.wrapper),
        "data": engine.path.name,
        **data,
    }


def _digest(file: Path) -> dict[str, Any]:
    return {"sha256": file_sha256(file), "bytes": file.stat().st_size}


def _rounded(value: float) -> float:
    return float(f"{value:.2e}")
