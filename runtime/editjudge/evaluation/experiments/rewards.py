"""Rewards by type of edit, as Real-Edit's table has them, and whether they order pairs as people do.

What the table holds decides: the columns of a judge are summed up, and pairs with a `human` preference are compared
(`reward_pairs`). The authors of Real-Edit count yes and number over different rows where an answer could not be read;
here both are of the same rows, and the others are named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.batch.judge_columns import ASKED
from editjudge.batch.score_columns import PASS, metric_column, side_column
from editjudge.errors import InputError
from editjudge.evaluation.experiments.reward_pairs import reward_pairs
from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.score_table import Numbers, ScoreTable
from editjudge.evaluation.sides import OVERALL, SIDE
from editjudge.evaluation.statistics.bootstrap import Resampling, Statistic
from editjudge.evaluation.statistics.pairs import number_groups
from editjudge.utils.text import shorten

ALL, NO_TYPE = "all", "no type"
Flags = NDArray[np.bool_]
TRUTHS: Mapping[str, float] = {"true": 1.0, "yes": 1.0, "1": 1.0, "false": 0.0, "no": 0.0, "0": 0.0, "": np.nan}
NAMED = 5
"""Rows that a note names."""


@dataclass(frozen=True)
class JudgedRows:
    """What a judge says of N rows from one side.

    Attributes:
        scores: float64[N], NaN where there is none.
        passes: float64[N] of 0 and 1, likewise; None where the judge says no yes or no.
    """

    side: str
    scores: Numbers
    passes: Numbers | None

    @property
    def counted(self) -> Flags:
        """bool[N]: the rows that all figures of this side rest on."""
        known = np.isfinite(self.scores)
        return known if self.passes is None else known & ~np.isnan(self.passes)


def rewards(table: ScoreTable, metrics: Sequence[MetricColumn], options: EvaluationOptions) -> Result:
    """The share of yes and the mean number by type of edit and side, and the accuracy of pairs. Raises InputError."""
    judged = _read_judge(table, options)
    ordered = reward_pairs(table, metrics, options)
    if not judged and ordered is None:
        raise InputError(
            f"{table.name} has no columns of the judge {shorten(options.judge)} and no pairs with a preference; score "
            "it with --metrics reward, or name a judge with --judge, or preferences with --human and --group"
        )
    grids = _sum_up(table, judged, options) if judged else {}
    unread = ~np.logical_or.reduce([one.counted for one in judged]) if judged else np.zeros(len(table), dtype=bool)
    failed = np.array([bool(error) for error in table.labels("error")]) & unread
    found = ordered or Result("rewards", {}, {})
    return Result(
        "rewards",
        {**grids, **found.grids},
        used={"rows": len(table) - int(np.count_nonzero(unread)), **found.used},
        left_out={
            "rows with an error": int(np.count_nonzero(failed)),
            "rows without a reward": int(np.count_nonzero(unread & ~failed)),
            **found.left_out,
        },
        notes=(*_name_rows(table, unread), *_count_rows(table, judged), *found.notes),
    )


def _read_judge(table: ScoreTable, options: EvaluationOptions) -> list[JudgedRows]:
    """What the judge says from each side that the table has a column for, and overall; empty where it has none.

    Raises InputError where a judge is named that it has none of.
    """
    patterns = [options.judge]
    if SIDE not in options.judge:
        patterns = [side_column(options.judge, SIDE), metric_column(f"{options.judge}_{SIDE}")]
    for pattern in patterns:
        before, after = map(re.escape, pattern.split(SIDE, 1))
        matches = [(re.fullmatch(f"{before}(\\w+){after}", column), column) for column in table.columns]
        sides = {match[1]: column for match, column in matches if match and column in table and match[1] != ASKED}
        if sides:
            overall = {OVERALL: metric_column(options.judge)} if metric_column(options.judge) in table else {}
            return [
                JudgedRows(side, table.numbers(column, ""), _read_passes(table, f"{column}.{PASS}"))
                for side, column in {**sides, **overall}.items()
                if not options.sides or side in (*options.sides, OVERALL)
            ]
    if options.judge != EvaluationOptions.judge:
        raise InputError(
            f"{table.name} has no numbers of the judge {shorten(options.judge)}; score it with --metrics, or name its "
            f"columns as in judge_{SIDE}"
        )
    return []


def _read_passes(table: ScoreTable, column: str) -> Numbers | None:
    if column not in table:
        return None
    texts = [text.strip().lower() for text in table.labels(column)]
    for row, text in enumerate(texts, 1):
        if text not in TRUTHS:
            raise InputError(
                f"{table.name} has {text[:40]!r} in the column {column}, row {row}; it must be true or false"
            )
    return np.array([TRUTHS[text] for text in texts])


def _sum_up(table: ScoreTable, judged: Sequence[JudgedRows], options: EvaluationOptions) -> dict[str, Grid]:
    """Types of edits, and all of them, by side."""
    group, groups = number_groups(table, options)
    resampling = Resampling(groups, options.resamples, options.seed)
    names = [name or NO_TYPE for name in table.labels(options.type)] if options.type in table else []
    types = tuple(dict.fromkeys(names))
    labels = [np.zeros(len(table), dtype=np.intp)]
    if types:
        labels.insert(0, np.array([types.index(name) for name in names], dtype=np.intp))

    def grid(title: str, sides: Sequence[str], values: Numbers, counted: Flags) -> Grid:
        """Args: values, counted: float64[S, N] and bool[S, N]."""
        means, counts = [], []
        for label in labels:
            kinds = int(label.max()) + 1
            mean, count = resampling.shares_by_label(values, group, np.where(counted, label, kinds), kinds)
            means.append(mean)
            counts.append(count)
        joined = Statistic(
            np.concatenate([mean.value for mean in means], axis=-1),
            np.concatenate([mean.draws for mean in means], axis=-1),
        )
        turned = joined.map(lambda found: found.swapaxes(-1, -2))
        return Grid.of(title, (*types, ALL), sides, turned, np.concatenate(counts, axis=-1).T)

    grids = {}
    if passing := [one for one in judged if one.passes is not None]:
        passes = np.stack([one.passes for one in passing if one.passes is not None])
        counted = np.stack([one.counted for one in passing])
        grids["yes"] = grid("share of edits that pass", [one.side for one in passing], passes, counted)
    scores, counted = np.stack([one.scores for one in judged]), np.stack([one.counted for one in judged])
    return {**grids, "reward": grid("mean reward", [one.side for one in judged], scores, counted)}


def _name_rows(table: ScoreTable, unread: Flags) -> tuple[str, ...]:
    """The first rows that nothing rests on, by their ids."""
    numbers = np.flatnonzero(unread)
    if not len(numbers):
        return ()
    ids = table.labels("id")
    named = ", ".join(shorten(ids[number]) if ids[number] else f"row {number + 1}" for number in numbers[:NAMED])
    more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
    return (f"rows that no figure rests on: {named}{more}",)


def _count_rows(table: ScoreTable, judged: Sequence[JudgedRows]) -> tuple[str, ...]:
    """How many rows the figures of each side rest on; nothing where all rest on all."""
    counts = {one.side: int(np.count_nonzero(one.counted)) for one in judged}
    if all(count == len(table) for count in counts.values()):
        return ()
    found = ", ".join(f"{side} {count}" for side, count in counts.items())
    return (f"of {len(table)} rows, the shares and means rest on those that have them: {found}",)
