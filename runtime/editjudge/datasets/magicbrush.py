"""MagicBrush (osunlp/MagicBrush): turns of edits of a picture; the target is what people accepted."""

from __future__ import annotations

from editjudge.datasets.form import Form, Record


def _turn(record: Record) -> object:
    return f"{record['img_id']}-{record['turn_index']}"


FORM = Form(
    name="magicbrush",
    known_by=frozenset({"img_id", "turn_index", "source_img", "target_img", "instruction"}),
    original="source_img",
    edited="target_img",
    instruction="instruction",
    id=_turn,
    group=_turn,
)
