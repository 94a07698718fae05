"""The columns that scoring adds to a data set: the score's JSON, flattened with dots."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from editjudge.types import EditScore

Kind = Literal["number", "whole", "truth", "text", "texts", "boxes"]
Values = dict[str, Any]
"""The cells of one row by their columns."""

SCORE: dict[str, Kind] = {
    "bpm": "number",
    **dict.fromkeys((f"semantic.{name}" for name in ("score", "modify", "preserve", "modify_raw", "preserve_raw")),
                    "number"),
    **dict.fromkeys((f"region.{name}" for name in ("score", "position", "size")), "number"),
    "confidence": "number",
    "flags": "texts",
    "explanation": "text",
    **dict.fromkeys((f"intent.{name}" for name in ("edit_type", "source", "target", "anchor", "size", "position")),
                    "text"),
    "regions.original": "boxes",
    "regions.edited": "boxes",
    "bundle": "text",
    "version": "text",
}  # fmt: skip
"""What is said of an edit. `timings_ms` and `models`, which tell of the machine and its other work, are left out: the
same data gives the same file wherever a run was cut off."""
ERROR = "error"


def columns(metrics: Sequence[str]) -> dict[str, Kind]:
    """All columns that scoring adds, in their order: always the same ones, whatever the scores are."""
    return {**SCORE, **dict.fromkeys(map(metric_column, metrics), "number"), ERROR: "text"}


def metric_column(name: str) -> str:
    return f"metrics.{name}"


def score_values(score: EditScore) -> Values:
    """The columns of a score."""
    flat = dict(_flat(score.to_dict()))
    return {name: flat[name] for name in SCORE}


def packed(value: Any) -> str:
    """A line of JSON for our own reading: numbers that are not finite stay what they are."""
    return json.dumps(value, default=lambda number: number.item())


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
