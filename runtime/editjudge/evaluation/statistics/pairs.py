"""Pairs of candidates of one input, by the models that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.score_table import ScoreTable
from editjudge.evaluation.statistics.bootstrap import Indices

ANY = "any two"


@dataclass(frozen=True)
class Pairs:
    """N pairs of candidates.

    Attributes:
        first, second: int[N], the rows of a pair.
        group: int[N], below `groups`.
        label: int[N], the pair of models, one of `labels`.
        left_out: What is not among the pairs, and how much of it.
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

    def keep(self, mask: NDArray[np.bool_], otherwise: str) -> Pairs:
        """The pairs where bool[N] is true; the rest is counted under `otherwise`. Labels without pairs vanish."""
        used, label = np.unique(self.label[mask], return_inverse=True)
        return replace(
            self,
            first=self.first[mask],
            second=self.second[mask],
            group=self.group[mask],
            label=label,
            labels=tuple(self.labels[index] for index in used),
            left_out={**self.left_out, otherwise: int(np.count_nonzero(~mask))},
        )

    def both(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """bool[N]: whether bool[rows] holds for both rows of a pair."""
        return np.asarray(mask[self.first] & mask[self.second])


def group_rows(table: ScoreTable, options: EvaluationOptions) -> dict[str, list[int]]:
    """The rows of each group, in their order; rows without a group are in none. Raises InputError."""
    groups: dict[str, list[int]] = {}
    remedy = "it tells which candidates are edits of one original by one instruction: name the column with --group"
    for row, group in enumerate(table.texts(options.group, remedy)):
        if group is not None:
            groups.setdefault(group, []).append(row)
    return groups


def number_groups(table: ScoreTable, options: EvaluationOptions) -> tuple[Indices, int]:
    """int[rows], the group of each row, and how many there are; a row without a group is one of its own."""
    names = [name or row for row, name in enumerate(table.labels(options.group))]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.intp), len(numbers)


def model_names(table: ScoreTable, options: EvaluationOptions) -> list[str]:
    """The editing model of every row; one name for all where the table names no models."""
    return table.labels(options.model) if options.model in table else [ANY] * len(table)


def find_pairs(table: ScoreTable, options: EvaluationOptions, by_model: bool = True) -> Pairs:
    """Every two candidates of one group by different models; any two where the table names no models, or whatever their
    models with `by_model` False.

    Models stand in the order in which they first occur, in a pair and among the labels. Raises InputError.
    """
    groups, has_models = group_rows(table, options), by_model and options.model in table
    names = model_names(table, options) if by_model else [ANY] * len(table)
    models = list(dict.fromkeys(names))
    model = [models.index(name) for name in names]
    entries = []
    for index, rows in enumerate(groups.values()):
        for first, second in combinations(sorted(rows, key=model.__getitem__), 2):
            if not has_models or model[first] != model[second]:
                entries.append((model[first], model[second], first, second, index))
    columns = np.array(entries, dtype=np.intp).reshape(-1, 5)
    kinds, label = np.unique(columns[:, :2], axis=0, return_inverse=True)
    left_out = {
        "groups with a single candidate": sum(len(rows) == 1 for rows in groups.values()),
        "rows without a group": len(table) - sum(map(len, groups.values())),
    }
    return Pairs(
        first=columns[:, 2],
        second=columns[:, 3],
        group=columns[:, 4],
        label=label.ravel(),
        labels=tuple(f"{models[first]} vs {models[second]}" if has_models else ANY for first, second in kinds),
        groups=len(groups),
        left_out=left_out,
    )
