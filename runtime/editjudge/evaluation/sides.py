"""The sides that edits are rated from, as following and quality: in which columns raters and metrics speak of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from editjudge.errors import InputError, quote_value
from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.score_table import Numbers, ScoreTable
from editjudge.types import Doubles
from editjudge.utils.text import shorten

RATER, SIDE = "{n}", "{side}"
"""What stands in the name of a column for a rater and for a side."""
OVERALL = "overall"
ONE_SIDE = "ratings"
"""What the only side is called where none is named."""
REMEDY = f"name the columns of the raters with --raters, as rater{RATER} or rater{RATER}_{SIDE}"


@dataclass(frozen=True)
class RatedSide:
    """What R raters say of N edits from one side: float64[N, R], NaN where one says nothing.

    Attributes:
        parts: The sides that it is the root of the product of; none for one that is rated itself.
    """

    name: str
    raters: tuple[str, ...]
    values: Doubles
    parts: tuple[str, ...] = ()


def read_sides(table: ScoreTable, options: EvaluationOptions) -> tuple[RatedSide, ...]:
    """The sides as the options name them, and with more than one the overall rating of each rater: the geometric mean,
    which for two sides is VIEScore's root of the product. Raises InputError."""
    names = options.sides
    patterns = options.raters or (f"rater{RATER}" if not names else f"rater{RATER}_{SIDE}",)
    sides = tuple(_read_side(table, name, patterns) for name in names or (ONE_SIDE,))
    for side in sides[1:]:
        if side.raters != sides[0].raters:
            name = next(iter(set(side.raters) ^ set(sides[0].raters)))
            raise InputError(f"rater {shorten(name)} in {table.name} has not rated every side; leave the rater out")
    if len(sides) == 1 or OVERALL in names:
        return sides
    return (*sides, RatedSide(OVERALL, sides[0].raters, _combine([side.values for side in sides], table), names))


def read_from(table: ScoreTable, metric: MetricColumn, side: RatedSide) -> Numbers:
    """float64[N]: what a metric says from a side, turned so that higher is better; the same from all, where the name of
    its column has no place for one. Raises InputError."""
    if SIDE not in metric.column:
        return metric.read(table)
    as_written = [
        replace(metric, column=metric.column.replace(SIDE, part), higher_is_better=True).read(table)
        for part in side.parts or (side.name,)
    ]
    values = _combine(as_written, table) if side.parts else as_written[0]
    return values if metric.higher_is_better else -values


def title_of(metric: MetricColumn) -> str:
    """The name of a metric without the place for a side."""
    return metric.name.replace(SIDE, "").strip("_.-: ") or metric.name


def _read_side(table: ScoreTable, side: str, patterns: Sequence[str]) -> RatedSide:
    columns: dict[str, str] = {}
    for pattern in patterns:
        columns |= _find_columns(table, pattern.replace(SIDE, side), pattern)
    if not columns:
        raise InputError(f"{table.name} has no ratings in {' or '.join(map(quote_value, patterns))}; {REMEDY}")
    values = np.stack([table.numbers(column, REMEDY) for column in columns.values()], axis=1)
    return RatedSide(side, tuple(columns), np.where(np.isfinite(values), values, np.nan))


def _find_columns(table: ScoreTable, name: str, pattern: str) -> dict[str, str]:
    """The columns that a name with a place for a rater stands for, by the raters, who are letters and digits."""
    if RATER not in name:
        return {pattern.replace(SIDE, "").strip("_.-: ") or pattern: name}
    before, after = (re.escape(part) for part in name.split(RATER, 1))
    matches = ((re.fullmatch(f"{before}([^\\W_]+){after}", column), column) for column in table.columns)
    return {match[1]: column for match, column in matches if match and column in table}


def _combine(parts: Sequence[Doubles], table: ScoreTable) -> Doubles:
    """The geometric mean of numbers from 0 on. Raises InputError for others."""
    values = np.stack(parts)
    if (values < 0).any():
        raise InputError(
            f"{table.name} has {float(np.nanmin(values)):g} among the numbers of a side, and overall is the root of "
            f"their product; name one side at a time with --sides"
        )
    return np.asarray(values.prod(axis=0) ** (1 / len(parts)))
