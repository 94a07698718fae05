"""Whether a recipe makes a bundle, by the runtime's own reading of the manifest that it would get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from editjudge.bundles.manifest import FILE_NAME, FORMAT, parse_manifest
from editjudge.errors import InputError
from editjudge_export.recipe import Recipe

MEASURED = ("format", "document", "engine", "end_to_end")
"""What a manifest has and only a build can say."""


def check_recipe(recipe: Recipe, path: Path) -> None:
    """Raises InputError for whatever would be wrong with the manifest, before anything is fetched or exported.

    Args:
        recipe: With all that it offers, whatever of it is to be built.
        path: Of its file, for messages.
    """
    try:
        _check_keys(recipe)
        content = {"format": FORMAT, **recipe.head, **recipe.sections, "file": [*_placeholders(recipe), *recipe.listed]}
        parse_manifest(deepcopy(content), "it")
        _check_paths(recipe)
    except ValueError as error:
        raise InputError(f"the recipe {path} does not make a bundle: {error}") from None


def _check_keys(recipe: Recipe) -> None:
    measured = [key for key in MEASURED if key in recipe.sections]
    if measured:
        raise ValueError(f"it says {', '.join(measured)}, which only a build can say; remove it")


def _placeholders(recipe: Recipe) -> Iterator[dict[str, Any]]:
    """The [[file]] tables as they will be, but for the hashes and sizes that nobody knows yet."""
    unknown = {"sha256": "0" * 64, "bytes": 0}
    roles = [role for name in recipe.models for role in recipe.architectures[name].list_roles(recipe.sections[name])]
    yield from ({"role": role, "path": role, **unknown} for role in (*roles, *recipe.parsers))
    yield from ({"role": copy.role, "path": copy.path, **unknown} for copy in recipe.copies if copy.role is not None)


def _check_paths(recipe: Recipe) -> None:
    """Every file of the bundle has one origin."""
    paths = Counter([FILE_NAME, *(Path(copy.path).as_posix() for copy in recipe.copies)])
    twice = [path for path, count in paths.items() if count > 1]
    if twice:
        raise ValueError(f"more than one file goes to {', '.join(twice)}; name another path in its [[copy]]")
    wanted = [table["path"] for table in recipe.listed if "path" in table]
    missing = [path for path in wanted if path not in paths]
    if missing:
        raise ValueError(f"no [[copy]] puts {', '.join(missing)} there; add one")
