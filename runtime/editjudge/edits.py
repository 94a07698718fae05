"""The edits that a benchmark is run on: the demo's, one that is named, or a list in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editjudge import image
from editjudge.demo import DemoInput, load_demo
from editjudge.errors import InputError

KEYS = ("original", "edited", "instruction")


@dataclass(frozen=True)
class Edit:
    """Two picture files, and what was asked for."""

    original: Path
    edited: Path
    instruction: str


def chosen_edits(listing: Path | None, original: Path | None, edited: Path | None, text: str | None) -> list[Edit]:
    """Those of a listing, the one that is named, or, where neither is, the demo's. Every picture was decoded once.

    Raises InputError, or BundleError where the demo's are not whole.
    """
    named = (original, edited, text)
    if listing is not None and any(each is not None for each in named):
        raise InputError("give either --edits or --original, --edited and --instruction, not both")
    if listing is not None:
        found = read_listing(listing)
    elif original is not None and edited is not None and text is not None:
        found = [Edit(original, edited, text)]
    elif any(each is not None for each in named):
        raise InputError("--original, --edited and --instruction are given together, or none of them")
    else:
        found = edits_of(load_demo())
    for path in dict.fromkeys(path for edit in found for path in (edit.original, edit.edited)):
        image.load(path)
    return found


def edits_of(inputs: Sequence[DemoInput]) -> list[Edit]:
    return [Edit(each.original, candidate.file, each.instruction) for each in inputs for candidate in each.candidates]


def read_listing(path: Path) -> list[Edit]:
    """A file of JSON, an edit a line: {"original", "edited", "instruction"}, the files relative to it.

    Further keys are not looked at. Raises InputError.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise InputError(f"{path} cannot be read: {reason}; give a file with an edit in JSON on each line") from error
    found = [_edit(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise InputError(f"{path} lists no edit; write one in JSON on each line, with the keys {', '.join(KEYS)}")
    return found


def _edit(path: Path, number: int, line: str) -> Edit:
    try:
        entry: Any = json.loads(line)
    except ValueError as error:
        raise InputError(f"line {number} of {path} is not JSON: {error}") from error
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in KEYS):
        raise InputError(f"line {number} of {path} must be an object with the texts {', '.join(KEYS)}")
    original, edited, instruction = (entry[key] for key in KEYS)
    return Edit(path.parent / original, path.parent / edited, instruction)
