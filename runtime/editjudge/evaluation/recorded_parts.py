"""What a table of scores says of the parts of each edit, so that their scores can be added up anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.settings import NormRanges
from editjudge.errors import InputError
from editjudge.evaluation.score_table import Numbers, ScoreTable
from editjudge.metrics.registry import (
    DEFAULT,
    RULES,
    PartScore,
    RegionScore,
    SemanticScore,
    add_up,
    plain_sum,
    read_part,
)
from editjudge.types import EditIntent

REMEDY = "score the data set with editjudge score-dataset"
PARTS = "parts"

Combine = Callable[[PartScore], float]


@dataclass(frozen=True)
class RecordedParts:
    """The parts of the edits of N rows.

    Attributes:
        parts: One or more of each row.
        known: bool[N]: whether the row has a number; one that has none gets none, whatever its parts are.
    """

    parts: tuple[tuple[PartScore, ...], ...]
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, table: ScoreTable) -> RecordedParts:
        """As they were recorded. Raises InputError."""
        semantic = table.measurements("semantic.score", REMEDY)
        known = ~np.isnan(semantic)
        if DEFAULT.name in table.columns:
            known &= ~np.isnan(_optional(table, DEFAULT.name))
        return cls(tuple(_read_parts(table)), known)

    def add_up(self, combine: Combine) -> Numbers:
        """float64[N]: the scores, NaN where there was none."""
        totals = [
            add_up(parts, combine) if known else None for parts, known in zip(self.parts, self.known, strict=True)
        ]
        return np.array([np.nan if total is None else total for total in totals])

    def weigh(self, alpha: float) -> Numbers:
        """As `add_up`, by the paper's plain sum with this weight of the semantic score."""
        return self.add_up(lambda part: plain_sum(part, alpha))

    def rules(self, scores: Numbers) -> Combine:
        """The rules by which the recorded scores float64[N] were added up; the paper's sum where none gives them."""
        ours = RULES[None]
        for rules in (*RULES.values(), ours.for_ranges(NormRanges((0.0, 1.0), (0.0, 1.0)))):
            if np.allclose(self.add_up(rules.combine)[self.known], scores[self.known], rtol=0, atol=1e-6):
                return rules.combine
        return plain_sum

    def columns(self) -> dict[str, Sequence[Any]]:
        """The semantic scores, of a compound the means over its parts, as columns of a table; and the parts."""
        means = {
            f"semantic.{name}": [_mean([getattr(part.semantic, name) for part in parts]) for parts in self.parts]
            for name in ("score", "modify", "preserve")
        }
        return {**means, PARTS: [[part.to_dict() for part in parts] for parts in self.parts]}


def _mean(values: Sequence[float | None]) -> float:
    return float(np.mean([np.nan if value is None else value for value in values]))


def _read_parts(table: ScoreTable) -> list[tuple[PartScore, ...]]:
    """By row. A row of a table from before there were parts is one itself."""
    alone = _rows_as_parts(table)
    found = []
    for row, (part, cell) in enumerate(zip(alone, table.columns.get(PARTS, [None] * len(table)), strict=True)):
        try:
            records = json.loads(cell) if isinstance(cell, str) and cell else cell
            found.append(tuple(map(read_part, records or ())) or (part,))
        except (InputError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise InputError(f"{table.name} holds no parts in the column {PARTS}, row {row + 1}; {REMEDY}") from error
    return found


def _rows_as_parts(table: ScoreTable) -> list[PartScore]:
    """The rows themselves as parts. Raises InputError."""
    kinds = table.texts("intent.edit_type", REMEDY)
    names = ("source", "target", "anchor", "keep")
    *phrases, kept = ([text or None for text in table.labels(f"intent.{name}")] for name in names)
    semantic = [_cells(table, f"semantic.{name}") for name in SemanticScore.__dataclass_fields__]
    region = [_cells(table, f"region.{name}") for name in RegionScore.__dataclass_fields__]
    sizes, positions = (
        [text or "unchanged" for text in table.labels(f"intent.{name}")] for name in ("size", "position")
    )
    try:
        intents = list(map(EditIntent, kinds, *phrases, sizes, positions, kept))
    except InputError as error:
        raise InputError(f"{table.name} has an intent that is none: {error}; {REMEDY}") from error
    flags = _read_flags(table)
    return list(map(PartScore, intents, map(SemanticScore, *semantic), map(RegionScore, *region), flags))


def _read_flags(table: ScoreTable) -> list[tuple[str, ...]]:
    """Of each row. Raises InputError."""
    found = []
    for row, cell in enumerate(table.columns.get("flags", [None] * len(table)), 1):
        try:
            found.append(tuple(json.loads(cell) if isinstance(cell, str) and cell else cell or ()))
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError(f"{table.name} holds no list in the column flags, row {row}; {REMEDY}") from error
    return found


def _cells(table: ScoreTable, column: str) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in _optional(table, column)]


def _optional(table: ScoreTable, column: str) -> Numbers:
    """As `numbers`; all NaN where the column is missing or empty, as of a part that applies to no row."""
    return table.numbers(column, REMEDY) if column in table else np.full(len(table), np.nan)
