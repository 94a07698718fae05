"""GEdit-Bench (stepfun-ai/GEdit-Bench): originals and instructions in two languages; the edits are the user's.

Its tools write an edit to `fullset/TASK_TYPE/LANGUAGE/KEY.png` in the folder of results.
"""

from __future__ import annotations

from editjudge.datasets.format import DatasetFormat

FORM = DatasetFormat(
    name="gedit",
    known_by=frozenset({"task_type", "key", "instruction", "instruction_language", "input_image"}),
    original="input_image",
    edited=None,
    instruction="instruction",
    id=lambda record: record.get("key"),
    result_names=lambda record: ["fullset/{task_type}/{instruction_language}/{key}".format_map(record)],
)
