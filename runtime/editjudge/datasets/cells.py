"""Reads a cell of a data set: as a picture, a text or a number; and describes it, as JSON can hold it."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from editjudge.errors import InputError
from editjudge.image.decode import ImageSource
from editjudge.image.decoding.sources import is_address, is_base64

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
DEEPEST = 100
"""Lists and objects within each other in a cell: each takes some of Python's stack wherever the row goes."""


def read_picture(cell: Any, folder: Path) -> ImageSource | None:
    """The picture that a cell holds or names: a path relative to `folder`, an address, bytes, or the {"bytes", "path"}
    of the hub."""
    if isinstance(cell, dict):
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, bytes):
        return cell
    if not isinstance(cell, str) or not cell.strip():
        return None
    return cell if is_address(cell) or is_base64(cell) else folder / cell


def find_picture(folder: Path, names: Sequence[str]) -> Path:
    """The first picture in the folder with one of these names, whatever its suffix; else the path of a missing one."""
    candidates = [folder / f"{name}{suffix}" for name in names for suffix in ("", *SUFFIXES)]
    return next((path for path in candidates if os.path.isfile(path)), folder / f"{names[0]}{SUFFIXES[0]}")


def describe_cell(cell: Any, depth: int = 0) -> Any:
    """The cell as JSON can hold it; of a picture only its name. Raises InputError for one that is nested too deeply."""
    if depth > DEEPEST:
        raise InputError(f"the row has a cell of more than {DEEPEST} lists or objects within each other; flatten it")
    match cell:
        case {"path": path, **rest} if rest.keys() <= {"bytes"}:
            return describe_cell(path, depth + 1)
        case dict():
            return {str(key): describe_cell(value, depth + 1) for key, value in cell.items()}
        case list() | tuple():
            return [describe_cell(value, depth + 1) for value in cell]
        case bytes():
            return None
    return cell if cell is None or isinstance(cell, str | int | float) else str(cell)


def read_text(cell: Any) -> str | None:
    """None for a cell that is empty or holds no text."""
    return cell if isinstance(cell, str) and cell.strip() else None


def read_label(cell: Any) -> str | None:
    """A name or a number as a text; None for an empty cell."""
    return None if cell is None or cell == "" else str(cell)


def read_number(cell: Any) -> float | None:
    """None for a cell that is empty or holds no finite number."""
    try:
        value = float(cell)
    except (TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None
