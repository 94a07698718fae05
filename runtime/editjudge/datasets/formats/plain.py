"""A plain table: original, edited, instruction, and optionally id, group and human; further columns are kept."""

from __future__ import annotations

from editjudge.datasets.format import DatasetFormat

FORM = DatasetFormat(
    name="plain",
    known_by=frozenset({"original", "edited", "instruction"}),
    original="original",
    edited="edited",
    instruction="instruction",
    id=lambda record: record.get("id"),
    group=lambda record: record.get("group"),
    human=lambda record: record.get("human"),
)
