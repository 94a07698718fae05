"""The edits that a benchmark is run on: the demo's, one that is named, or a list in a file."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from editjudge.datasets import EditSample
from editjudge.datasets.cells import read_picture
from editjudge.datasets.demo import load_demo
from editjudge.errors import InputError
from editjudge.image.decode import ImageSource, load_image

KEYS = ("original", "edited", "instruction")


def select_edits(
    listing: Path | None, original: ImageSource | None, edited: ImageSource | None, instruction: str | None
) -> list[EditSample]:
    """The edits of a listing, the one that is named, or, where neither is, the demo's; every picture can be decoded.

    Raises InputError, or BundleError where the demo's are not whole.
    """
    named = [part is not None for part in (original, edited, instruction)]
    if listing is not None and any(named):
        raise InputError("give either --edits or --original, --edited and --instruction, not both")
    if any(named) and not all(named):
        raise InputError("--original, --edited and --instruction are given together, or none of them")
    if listing is not None:
        edits = read_listing(listing)
    else:
        edits = [EditSample("1", original, edited, instruction)] if all(named) else demo_edits()
    for source in dict.fromkeys(source for sample in edits for source in sample.edit()[:2]):
        load_image(source)
    return edits


def group_candidates(edits: Sequence[EditSample]) -> Mapping[tuple[ImageSource, str], list[ImageSource]]:
    """The edited pictures by what they are candidates of: an original, named and not decoded, and an instruction."""
    groups: dict[tuple[ImageSource, str], list[ImageSource]] = defaultdict(list)
    for sample in edits:
        original, edited, instruction = sample.edit()
        groups[original, instruction].append(edited)
    return groups


def demo_edits() -> list[EditSample]:
    """Every candidate of the demo. Raises BundleError."""
    return [
        EditSample(candidate.file.stem, entry.original, candidate.file, entry.instruction)
        for entry in load_demo()
        for candidate in entry.candidates
    ]


def read_listing(path: Path) -> list[EditSample]:
    """A file of JSON, an edit a line: {"original", "edited", "instruction"}, the files relative to it.

    Further keys are not looked at. Raises InputError.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} cannot be read: it is no text in UTF-8; save it as UTF-8") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be read: {reason}; give a file with an edit in JSON on each line") from error
    edits = [_read_line(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not edits:
        raise InputError(f"{path} lists no edit; write one in JSON on each line, with the keys {', '.join(KEYS)}")
    return edits


def _read_line(path: Path, number: int, line: str) -> EditSample:
    try:
        entry: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"line {number} of {path} is not JSON: {error}") from error
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in KEYS):
        raise InputError(f"line {number} of {path} must be an object with the texts {', '.join(KEYS)}")
    original, edited, instruction = (entry[key] for key in KEYS)
    pictures = read_picture(original, path.parent), read_picture(edited, path.parent)
    return EditSample(str(number), *pictures, instruction)
