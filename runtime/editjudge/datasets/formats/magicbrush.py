"""MagicBrush (osunlp/MagicBrush): pictures edited in turns; people accepted the targets."""

from __future__ import annotations

from editjudge.datasets.format import DatasetFormat, Record


def _turn(record: Record) -> object:
    return f"{record['img_id']}-{record['turn_index']}"


FORM = DatasetFormat(
    name="magicbrush",
    known_by=frozenset({"img_id", "turn_index", "source_img", "target_img", "instruction"}),
    original="source_img",
    edited="target_img",
    instruction="instruction",
    id=_turn,
)
