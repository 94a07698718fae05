"""A plain table: original, edited, instruction, and where there are such id, group and human; more columns are kept."""

from __future__ import annotations

from editjudge.datasets.form import Form

FORM = Form(
    name="plain",
    known_by=frozenset({"original", "edited", "instruction"}),
    original="original",
    edited="edited",
    instruction="instruction",
    id=lambda record: record.get("id"),
    group=lambda record: record.get("group"),
    human=lambda record: record.get("human"),
)
