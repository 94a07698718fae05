"""HumanEdit (BryanW/HumanEdit): edits made and approved by people."""

from __future__ import annotations

from editjudge.datasets.format import DatasetFormat

FORM = DatasetFormat(
    name="humanedit",
    known_by=frozenset({"EDITING_INSTRUCTION", "INPUT_IMG", "OUTPUT_IMG"}),
    original="INPUT_IMG",
    edited="OUTPUT_IMG",
    instruction="EDITING_INSTRUCTION",
    id=lambda record: record.get("IMAGE_ID"),
)
