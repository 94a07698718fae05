"""Writes the manifest of a bundle that is being built: what its files are, and what was measured of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tomli_w

from editjudge.bundles.cache import file_sha256
from editjudge.bundles.files import EndToEnd
from editjudge.bundles.manifest import FILE_NAME, FORMAT, read_manifest
from editjudge.bundles.roles import ROLES, name_weights_role
from editjudge.errors import BundleError, InputError
from editjudge_export.onnx.export import ExportedFile
from editjudge_export.recipe import Recipe
from editjudge_export.tensorrt.build import BuiltEngine


def write_manifest(
    recipe: Recipe,
    folder: Path,
    files: Iterable[Mapping[str, Any]],
    engines: Iterable[Mapping[str, Any]],
    end_to_end: EndToEnd | None,
) -> None:
    """Writes bundle.toml.

    Args:
        recipe: For its head, settings and [[file]] tables.
        folder: Of the bundle.
        files: The [[file]] and [[document]] tables of what was built; a document has no role.
        engines: The [[engine]] tables.
        end_to_end: The comparison of whole scores, where it was made.

    Raises InputError where the recipe's settings do not make a manifest.
    """
    content = {"format": FORMAT, **recipe.head, **recipe.sections}
    if end_to_end is not None:
        content["end_to_end"] = {
            name: _round(value) if isinstance(value, float) else value for name, value in asdict(end_to_end).items()
        }
    tables = [*files, *recipe.listed]
    content["file"] = [table for table in tables if "role" in table]
    content["document"] = [table for table in tables if "role" not in table]
    content["engine"] = [*engines]
    (folder / FILE_NAME).write_text(tomli_w.dumps(content), encoding="utf-8")
    try:
        read_manifest(folder)
    except BundleError as error:
        raise InputError(f"the recipe does not make a bundle: {error}") from None


def describe_exported(exported: ExportedFile, origin: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    """The [[file]] table of what was exported, and that of the file of its weights where it has one of its own.

    Args:
        exported: What was exported.
        origin: source, revision and licence of its checkpoint.
    """
    yield describe_file(
        exported.role,
        exported.path,
        exported.path.name,
        {**origin, "precision": exported.precision},
        parity=exported.parity,
        rounding=exported.rounding and exported.rounding.largest,
    )
    if exported.data is not None and ROLES[exported.role].whole is None:
        yield describe_file(name_weights_role(exported.role), exported.data, exported.data.name, origin)


def describe_file(
    role: str, file: Path, path: str, origin: Mapping[str, str], **measurements: float | None
) -> dict[str, Any]:
    """A [[file]] table; values that are empty are left out.

    Args:
        role: Of the file.
        file: Where it is now.
        path: Its path in the bundle.
        origin: source, revision, licence, precision.
        measurements: What was measured of it.
    """
    table: dict[str, Any] = {"role": role, "path": path, **_digest(file), **origin}
    table |= {name: _round(value) for name, value in measurements.items() if value is not None}
    return {key: value for key, value in table.items() if value != ""}


def describe_document(file: Path, path: str) -> dict[str, Any]:
    """A [[document]] table. file: Where it is now. path: In the bundle."""
    return {"path": path, **_digest(file)}


def describe_engine(engine: BuiltEngine) -> dict[str, Any]:
    """An [[engine]] table."""
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


def _round(value: float) -> float:
    return float(f"{value:.2e}")
