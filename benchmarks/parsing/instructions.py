"""Instructions and the answers that are right, as data/README.md defines them, and how an intent compares with them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common.paths import DATA
from editjudge.parser.result import ParseResult

FIELDS = ("edit_type", "source", "target", "anchor", "size", "position", "keep")
SPLITS = ("dev", "test", "second", "third", "fourth")

LabelledAnswer = Mapping[str, Any]
"""By field of an intent its value, or a list of those that are accepted, the preferred one first. The older sets say
nothing about `keep`, and then whatever is kept is right."""


@dataclass(frozen=True)
class LabelledInstruction:
    """An instruction and its readings; a reading has one answer, or one for each part of a compound."""

    instruction: str
    readings: tuple[tuple[LabelledAnswer, ...], ...]

    @property
    def is_compound(self) -> bool:
        return len(self.readings[0]) > 1

    @property
    def preferred(self) -> tuple[dict[str, str | None], ...]:
        """The intents that are preferred: one, or the parts of a compound."""
        return tuple({name: _accepted(answer.get(name))[0] for name in FIELDS} for answer in self.readings[0])

    def compare(self, intent: Mapping[str, str | None]) -> dict[str, bool]:
        """By field whether it is right, according to the answer that the intent is nearest to."""
        comparisons = (
            {name: _accepts(answer, name, intent) for name in FIELDS} for reading in self.readings for answer in reading
        )
        return max(comparisons, key=lambda right: sum(right.values()))

    def accepts(self, intents: Sequence[Mapping[str, str | None]]) -> bool:
        """Whether these are the parts of a reading, in its order, with every field of all of them right."""
        return any(
            len(reading) == len(intents)
            and all(
                _accepts(answer, name, intent)
                for answer, intent in zip(reading, intents, strict=True)
                for name in FIELDS
            )
            for reading in self.readings
        )


def load_instructions(split: str | Path) -> list[LabelledInstruction]:
    """Those of data/parse_SPLIT.jsonl, or of a file in the same format."""
    path = split if isinstance(split, Path) else DATA / f"parse_{split}.jsonl"
    return [_from_json(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def is_right(label: LabelledInstruction, parsed: ParseResult) -> bool:
    """Whether all fields of all parts are right."""
    return label.accepts([intent.to_dict() for intent in parsed.intents])


def _from_json(row: dict[str, Any]) -> LabelledInstruction:
    readings = [row.get("compound") or [row["intent"]]]
    readings += [reading if isinstance(reading, list) else [reading] for reading in row.get("also", [])]
    return LabelledInstruction(row["instruction"], tuple(tuple(reading) for reading in readings))


def _accepts(answer: LabelledAnswer, name: str, intent: Mapping[str, str | None]) -> bool:
    return name not in answer or intent[name] in _accepted(answer[name])


def _accepted(value: Any) -> list[str | None]:
    return value if isinstance(value, list) else [value]
