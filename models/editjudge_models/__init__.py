"""Embedded bundles and recipes, as data beside this file. `editjudge.bundles.bundle` reads the former."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["bundle_folder", "bundle_names", "recipe_names", "recipe_path"]


def bundle_folder(name: str) -> Path:
    """The folder that an embedded bundle of this name lies in; it need not exist."""
    return Path(str(files(__name__))) / name


def bundle_names() -> tuple[str, ...]:
    """The names of the embedded bundles, sorted."""
    return tuple(sorted(manifest.parent.name for manifest in bundle_folder("").glob("*/bundle.toml")))


def recipe_path(name: str) -> Path:
    """The file of the recipe of this name; it need not exist."""
    return bundle_folder("recipes") / f"{name}.toml"


def recipe_names() -> tuple[str, ...]:
    """The names of the bundles that can be built, sorted."""
    return tuple(sorted(recipe.stem for recipe in bundle_folder("recipes").glob("*.toml")))
