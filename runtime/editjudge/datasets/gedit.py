"""GEdit-Bench (stepfun-ai/GEdit-Bench): originals and instructions in two languages; the edits are one's own.

Its tools write an edit to `fullset/TASK_TYPE/LANGUAGE/KEY.png` in the folder of results.
"""

from __future__ import annotations

from editjudge.datasets.form import Form

FORM = Form(
    name="gedit",
    known_by=frozenset({"task_type", "key", "instruction", "instruction_language", "input_image"}),
    original="input_image",
    edited=None,
    instruction="instruction",
    id=lambda record: record.get("key"),
    group=lambda record: record.get("key"),
    places=lambda record: ["fullset/{task_type}/{instruction_language}/{key}".format_map(record)],
)
