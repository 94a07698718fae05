"""Reads and writes lists of differences, by the ending of their file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from editjudge.errors import InputError
from editjudge.evaluation.annotations.annotation import AnnotatedDifference, AnnotatedPair
from editjudge.evaluation.annotations.dice import parse_differences
from editjudge.evaluation.annotations.fields import (
    read_box,
    read_change,
    read_confidence,
    read_flag,
    read_optional_text,
    read_size,
    read_text,
)
from editjudge.evaluation.annotations.json_file import check_item, read_content, read_objects
from editjudge.utils import atomic_file
from editjudge.utils.arguments import PATH
from editjudge.utils.json_safe import to_json
from editjudge.utils.text import shorten

LINES = (".jsonl", ".ndjson")


def read_annotations(path: str | PathLike[str], decisions: str | PathLike[str] | None = None) -> list[AnnotatedPair]:
    """Reads DICE's list of differences from .json, or pairs of pictures from .jsonl, one a line, as
    `editjudge differences --json` prints them; .json may hold one such object as well.

    Args:
        decisions: DICE's decisions on that list, a .json file.

    Raises InputError, which names the file and the item, for whatever is no difference, and for a pair that is there
    twice; OutOfMemoryError.
    """
    PATH.check(path=path)
    PATH.or_none("no decisions").check(decisions=decisions)
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".json", *LINES):
        raise InputError(f"{shorten(str(path))} is no list of differences: its name must end in .json or .jsonl")
    content = read_objects(path) if suffix in LINES else read_content(path)
    if suffix == ".json" and isinstance(content, list):
        return parse_differences(content, path, Path(decisions) if decisions else None)
    if decisions:
        raise InputError(
            f"{shorten(str(path))} is no list of DICE's and says of each difference itself whether it was asked for; "
            "leave the decisions out"
        )
    return _parse_pairs(content if isinstance(content, list) else [content], path)


def write_json_lines(path: Path, pairs: Iterable[AnnotatedPair]) -> None:
    """Writes a pair a line. Raises InputError for a file that cannot be written."""
    atomic_file.write(path, "".join(f"{to_json(pair.to_dict())}\n" for pair in pairs))


def _parse_pairs(items: list[Any], path: Path) -> list[AnnotatedPair]:
    pairs: dict[tuple[str, str], AnnotatedPair] = {}
    for number, item in enumerate(items, 1):
        pair = check_item(path, number, item, _parse_pair)
        if pair.key in pairs:
            raise InputError(
                f"item {number} of {shorten(str(path))} is on {shorten(pair.original)} and {shorten(pair.edited)}, as "
                "one before it is; give each pair of pictures once"
            )
        pairs[pair.key] = pair
    return list(pairs.values())


def _parse_pair(item: Mapping[str, Any]) -> AnnotatedPair:
    original, edited = read_text(item, "original"), read_text(item, "edited")
    instruction, size, differences = read_optional_text(item, "instruction"), read_size(item), item.get("differences")
    if not isinstance(differences, list):
        raise ValueError("has no list of differences; give one, which may be empty")
    parsed = []
    for number, one in enumerate(differences, 1):
        if not isinstance(one, dict):
            raise ValueError(f"has for difference {number} what is no object; give an object with its values by name")
        try:
            parsed.append(_parse_difference(one, size))
        except ValueError as error:
            raise ValueError(f"has a difference, number {number}, that {error}") from error
    return AnnotatedPair(original, edited, tuple(parsed), instruction, size)


def _parse_difference(item: Mapping[str, Any], size: tuple[int, int] | None) -> AnnotatedDifference:
    return AnnotatedDifference(
        read_change(item.get("change")),
        read_optional_text(item, "element"),
        read_box(item, "box", size),
        read_confidence(item),
        read_flag(item, "coherent"),
        read_optional_text(item, "rationale"),
    )
