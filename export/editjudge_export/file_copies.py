"""Copies files into a bundle as they are: parsers, and whatever else a recipe names."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from editjudge.errors import InputError
from editjudge_export.checkpoints.origins import FetchedFiles
from editjudge_export.manifest_writer import describe_file
from editjudge_export.recipe import Recipe


def check_copies(recipe: Recipe) -> None:
    """Raises InputError where a file that is to be copied is missing."""
    for copied in recipe.copies:
        if not copied.origin.is_file():
            raise InputError(f"there is no file {copied.origin}, which the recipe copies to {copied.path}")


def copy_files(recipe: Recipe, folder: Path, fetched: Mapping[str, FetchedFiles]) -> Iterator[dict[str, Any]]:
    """Copies what a recipe names, each file under its name only once it is whole.

    Args:
        recipe: Its copies and parsers are copied.
        folder: Of the bundle.
        fetched: Where the parsers are, by their role.

    Yields the [[file]] tables of those that have a role. Raises InputError.
    """
    for copied in recipe.copies:
        path = (folder / copied.path).resolve()
        if not path.is_relative_to(folder):
            raise InputError(f"the recipe's copy to {copied.path} leads out of the bundle")
        _copy(copied.origin, path)
        if copied.role is not None:
            origin = {"source": copied.source, "revision": copied.revision, "licence": copied.licence}
            yield describe_file(copied.role, path, copied.path, origin)
    for role, parser in recipe.parsers.items():
        file = fetched[role]
        path = folder / file.path.name
        _copy(file.path, path)
        origin = {"source": file.source, "revision": file.revision, "licence": parser.licence}
        yield describe_file(role, path, path.name, {**origin, "precision": parser.precision})


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
