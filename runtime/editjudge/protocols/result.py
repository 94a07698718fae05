"""What a protocol found: grids of estimates, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.protocols.bootstrap import Sampled


@dataclass(frozen=True)
class Estimate:
    """A value, the ends of its 95 % interval (NaN without resamples), and how many comparisons it rests on."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Grid:
    """Estimates by row and column. title: a sentence without its full stop."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Estimate, ...], ...]

    @classmethod
    def of(
        cls, title: str, rows: Sequence[str], columns: Sequence[str], sampled: Sampled, counts: NDArray[Any]
    ) -> Grid:
        """From a statistic float64[rows, columns] and counts that broadcast to that shape."""
        low, high = sampled.interval()
        tally = np.broadcast_to(counts, sampled.value.shape)
        cells = tuple(
            tuple(
                Estimate(float(sampled.value[at]), float(low[at]), float(high[at]), int(tally[at]))
                for at in ((row, column) for column in range(len(columns)))
            )
            for row in range(len(rows))
        )
        return cls(title, tuple(rows), tuple(columns), cells)

    def row(self, name: str) -> dict[str, Estimate]:
        """The estimates of a row by column."""
        return dict(zip(self.columns, self.cells[self.rows.index(name)], strict=True))

    def to_dict(self) -> dict[str, Any]:
        rows = {row: {column: vars(cell) for column, cell in self.row(row).items()} for row in self.rows}
        return {"title": self.title, "rows": rows}


@dataclass(frozen=True)
class Result:
    """Grids by a short key. used: what the figures rest on. left_out: what they do not, and how much of it."""

    protocol: str
    grids: Mapping[str, Grid]
    used: Mapping[str, int]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "protocol": self.protocol,
            "used": dict(self.used),
            "left_out": {what: count for what, count in self.left_out.items() if count},
            "notes": list(self.notes),
            "tables": {key: grid.to_dict() for key, grid in self.grids.items()},
        }
