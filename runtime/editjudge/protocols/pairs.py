"""Pairs of candidates of one input, by the models that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from editjudge.protocols.options import Options
from editjudge.protocols.score_table import ScoreTable

Indices = NDArray[np.intp]
ANY = "any two"


@dataclass(frozen=True)
class Pairs:
    """int[N] each: the rows of a pair, the index of its group, and of the pair of models in `labels`.

    left_out: what is not among them, and how much of it.
    """

    first: Indices
    second: Indices
    group: Indices
    label: Indices
    labels: tuple[str, ...]
    groups: int
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.first)

    def keep(self, wanted: NDArray[np.bool_], otherwise: str) -> Pairs:
        """The pairs where bool[N] is true; the rest is counted under `otherwise`. Labels without pairs vanish."""
        used, label = np.unique(self.label[wanted], return_inverse=True)
        return replace(
            self,
            first=self.first[wanted],
            second=self.second[wanted],
            group=self.group[wanted],
            label=label,
            labels=tuple(self.labels[index] for index in used),
            left_out={**self.left_out, otherwise: int(np.count_nonzero(~wanted))},
        )

    def both(self, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """bool[N]: whether bool[rows] holds for both rows of a pair."""
        return np.asarray(known[self.first] & known[self.second])


def grouped(table: ScoreTable, options: Options) -> dict[str, list[int]]:
    """The rows of each group, in their order; rows without a group are in none. Raises InputError."""
    groups: dict[str, list[int]] = {}
    remedy = "it tells which candidates are edits of one original by one instruction: name the column with --group"
    for row, group in enumerate(table.texts(options.group, remedy)):
        if group is not None:
            groups.setdefault(group, []).append(row)
    return groups


def pairs_of(table: ScoreTable, options: Options) -> Pairs:
    """Every two candidates of one group by different models; any two where the table names no models.

    Models stand in the order in which they first occur, in a pair and among the labels. Raises InputError.
    """
    groups, models = grouped(table, options), table.labels(options.model)
    order = {model: place for place, model in enumerate(dict.fromkeys(models))}
    named = options.model in table
    found = []
    for index, rows in enumerate(groups.values()):
        ranked = sorted(rows, key=lambda row: order[models[row]])
        for one, other in combinations(ranked, 2):
            if not named or models[one] != models[other]:
                found.append((order[models[one]], order[models[other]], one, other, index))
    columns = np.array(found, dtype=np.intp).reshape(-1, 5)
    kinds, label = np.unique(columns[:, :2], axis=0, return_inverse=True)
    names = list(order)
    left_out = {
        "groups with a single candidate": sum(len(rows) == 1 for rows in groups.values()),
        "rows without a group": len(table) - sum(map(len, groups.values())),
    }
    return Pairs(
        first=columns[:, 2],
        second=columns[:, 3],
        group=columns[:, 4],
        label=label.ravel(),
        labels=tuple(f"{names[one]} vs {names[other]}" if named else ANY for one, other in kinds),
        groups=len(groups),
        left_out=left_out,
    )
