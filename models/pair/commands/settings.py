"""What a folder of results is made from, kept beside them: going on from other data would mix two things unseen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from editjudge.errors import InputError
from editjudge.utils import atomic_file

FILE_NAME = "settings.json"


def keep_settings(folder: Path, settings: Mapping[str, str | int | float]) -> None:
    """Writes the settings into a folder, which is made; or checks that it was begun with the same.

    Raises InputError where it was begun with others.
    """
    path = folder / FILE_NAME
    if path.exists():
        begun = _read_settings(path)
        other = next((name for name in settings if begun.get(name) != settings[name]), None)
        if other is not None:
            raise InputError(
                f"{folder} was begun with {other} {begun.get(other)}, not {settings[other]}; choose another folder"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    atomic_file.write(path, json.dumps(dict(settings), indent=2) + "\n")


def _read_settings(path: Path) -> dict[str, object]:
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}; choose another folder") from error
    if not isinstance(begun, dict):
        raise InputError(f"{path} must hold a JSON object; choose another folder")
    return begun
