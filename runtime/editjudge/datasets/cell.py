"""A cell of a data set: as a picture, as what is shown of it, as a text or a number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from editjudge.image import ImageSource

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def picture(cell: Any, folder: Path) -> ImageSource | None:
    """The picture that a cell holds or names: a path relative to `folder`, bytes, or {"bytes", "path"} of the hub."""
    if isinstance(cell, dict):
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, bytes):
        return cell
    return folder / cell if isinstance(cell, str) and cell.strip() else None


def found(folder: Path, places: Sequence[str]) -> Path:
    """The picture at one of these places in the folder, whatever its suffix; where there is none, where it would be."""
    candidates = [folder / f"{place}{suffix}" for place in places for suffix in ("", *SUFFIXES)]
    return next((path for path in candidates if path.is_file()), folder / f"{places[0]}{SUFFIXES[0]}")


def shown(cell: Any) -> Any:
    """The cell as JSON has it; of a picture its name alone."""
    if isinstance(cell, dict):
        return cell.get("path") if is_picture(cell) else {str(key): shown(value) for key, value in cell.items()}
    if isinstance(cell, list | tuple):
        return [shown(each) for each in cell]
    if isinstance(cell, bytes):
        return None
    return cell if cell is None or isinstance(cell, str | int | float) else str(cell)


def is_picture(cell: dict[str, Any]) -> bool:
    return "path" in cell and cell.keys() <= {"bytes", "path"}


def text(cell: Any) -> str | None:
    """None for a cell that is empty or holds no text."""
    return cell if isinstance(cell, str) and cell.strip() else None


def label(cell: Any) -> str | None:
    """A name or a number as a text; None for an empty cell."""
    return None if cell is None or cell == "" else str(cell)


def number(cell: Any) -> float | None:
    """None for a cell that is empty or holds no number."""
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
