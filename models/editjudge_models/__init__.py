"""The embedded bundles, as data beside this file. `editjudge.bundle` reads and verifies them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["bundle_folder", "bundle_names"]


def bundle_folder(name: str) -> Path:
    """The folder that an embedded bundle of this name lies in; it need not exist."""
    return Path(str(files(__name__))) / name


def bundle_names() -> tuple[str, ...]:
    """The names of the embedded bundles, sorted."""
    return tuple(sorted(manifest.parent.name for manifest in bundle_folder("").glob("*/bundle.toml")))
