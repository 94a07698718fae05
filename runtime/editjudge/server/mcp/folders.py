"""The folders that pictures may be read from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from editjudge.errors import ImageError, InputError
from editjudge.utils.text import shorten


class AllowedFolders:
    """Finds files by paths that whoever asks may have made up. What is outside is told alike, whether it exists or not.

    Args:
        folders: Those whose files may be read, with all that is below them.

    Raises InputError for one that is no folder.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise InputError(f"{shorten(str(folder))} is no folder; name one that is there with --allow")
        self._folders = tuple(folder.resolve() for folder in folders)

    def find(self, path: str) -> Path:
        """The file of a path, with every link resolved. A path that is not absolute is looked for in each folder.

        Raises ImageError for what lies outside, or leads there, and for what is no file.
        """
        found = next((resolved for resolved in self._resolve_inside(path) if os.path.isfile(resolved)), None)
        if found is None:
            raise ImageError(f"{shorten(path)} is no file in the allowed folders; check the path")
        return found

    def check(self, path: str) -> None:
        """Raises ImageError for what lies outside, or leads there, whether or not it is a file."""
        self._resolve_inside(path)

    def _resolve_inside(self, path: str) -> list[Path]:
        if not self._folders:
            raise ImageError("no folder is allowed; hand in the picture as base64, or restart with --allow FOLDER")
        inside = [resolved for folder in self._folders if self._holds(resolved := _resolve(folder / path))]
        if not inside:
            raise ImageError(f"{shorten(path)} is outside of the allowed folders; allow its folder with --allow")
        return inside

    def _holds(self, resolved: Path) -> bool:
        return any(resolved.is_relative_to(folder) for folder in self._folders)


def _resolve(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links; a NUL character; too long a name
        raise ImageError(f"{shorten(str(path))} is no path that can be read; check it") from error
