"""Copies files into a bundle as they are: parsers, and whatever else a recipe names."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from editjudge.bundles.bundle import Bundle
from editjudge.errors import InputError
from editjudge_export.checkpoints.origins import CopiedFile, FetchedFiles
from editjudge_export.manifest_writer import describe_document, describe_file
from editjudge_export.recipe import Recipe


def check_copies(recipe: Recipe) -> None:
    """Raises InputError where a file that is to be copied is missing, and BundleError where its bundle is."""
    for copied in recipe.copies:
        origin = _find_origin(copied)
        if not origin.is_file():
            raise InputError(
                f"there is no file {origin}, which the recipe copies to {copied.path}; correct its path, which is "
                "relative to the recipe, or say which bundle it is in"
            )


def copy_files(recipe: Recipe, folder: Path, fetched: Mapping[str, FetchedFiles]) -> Iterator[dict[str, Any]]:
    """Copies what a recipe names, each file under its name only once it is whole.

    Args:
        recipe: Its copies and parsers are copied.
        folder: Of the bundle.
        fetched: Where the parsers are, by their role.

    Yields their [[file]] tables, and the [[document]] tables of those that have no role. Raises InputError.
    """
    for copied in recipe.copies:
        path = folder / copied.path
        _copy(_find_origin(copied), path)
        if copied.role is None:
            yield describe_document(path, copied.path)
        else:
            origin = {"source": copied.source, "revision": copied.revision, "licence": copied.licence}
            yield describe_file(copied.role, path, copied.path, origin)
    for role, parser in recipe.parsers.items():
        file = fetched[role]
        path = folder / file.path.name
        _copy(file.path, path)
        origin = {"source": file.source, "revision": file.revision, "licence": parser.licence}
        yield describe_file(role, path, path.name, {**origin, "precision": parser.precision})


def _find_origin(copied: CopiedFile) -> Path:
    """Where a file that is to be copied is; of one that a bundle's manifest lists, its hash is checked."""
    if copied.bundle is None:
        return copied.origin
    bundle = Bundle.load(copied.bundle)
    roles = [entry.role for entry in bundle.files if entry.path == copied.origin.as_posix()]
    return bundle.file(roles[0]) if roles else bundle.folder / copied.origin


def _copy(origin: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        shutil.copyfile(origin, part)
        part.replace(path)
    except OSError as error:
        raise InputError(f"{origin} cannot be copied to {path}: {(error.strerror or str(error)).lower()}") from error
    finally:
        part.unlink(missing_ok=True)
