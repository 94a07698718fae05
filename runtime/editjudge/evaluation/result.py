"""The findings of an experiment: grids of estimates, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.evaluation.statistics.bootstrap import Statistic


@dataclass(frozen=True)
class Estimate:
    """A value, the ends of its 95 % interval (NaN without resamples), and how many comparisons it rests on."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Grid:
    """Estimates by row and column, under a title."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Estimate, ...], ...]

    @classmethod
    def of(
        cls, title: str, rows: Sequence[str], columns: Sequence[str], statistic: Statistic, counts: NDArray[Any]
    ) -> Grid:
        """From a statistic float64[rows, columns] and counts that broadcast to that shape."""
        estimate = np.frompyfunc(Estimate, 4, 1)  # element by element, from Python's own numbers
        cells = estimate(statistic.value, *statistic.interval(), counts.astype(int))
        return cls(title, tuple(rows), tuple(columns), tuple(map(tuple, cells)))

    def row(self, name: str) -> dict[str, Estimate]:
        """The estimates of a row by column."""
        return dict(zip(self.columns, self.cells[self.rows.index(name)], strict=True))

    def to_dict(self) -> dict[str, Any]:
        rows = {row: {column: vars(cell) for column, cell in self.row(row).items()} for row in self.rows}
        return {"title": self.title, "rows": rows}


@dataclass(frozen=True)
class Result:
    """The findings of an experiment.

    Attributes:
        grids: By a short key.
        used: What the figures rest on, and how much of it.
        left_out: What they do not rest on, and how much of it.
    """

    experiment: str
    grids: Mapping[str, Grid]
    used: Mapping[str, int]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "protocol": self.experiment,
            "used": dict(self.used),
            "left_out": {what: count for what, count in self.left_out.items() if count},
            "notes": list(self.notes),
            "tables": {key: grid.to_dict() for key, grid in self.grids.items()},
        }


def capitalise(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]
