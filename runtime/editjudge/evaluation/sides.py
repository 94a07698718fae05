"""The sides that edits are rated from, as following and quality: in which columns raters and metrics speak of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from editjudge.errors import InputError, quote_value
from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions, Scale
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
        parts: The sides that it is combined of; none for one that is rated itself.
        scale: The numbers as they were given, or each rater's brought to 0..1.
    """

    name: str
    raters: tuple[str, ...]
    values: Doubles
    parts: tuple[str, ...] = ()
    scale: Scale = "raw"


def read_sides(table: ScoreTable, options: EvaluationOptions) -> tuple[RatedSide, ...]:
    """The sides as the options name them, and with more than one the overall rating of each rater: the geometric mean,
    which for two sides is VIEScore's root of the product. Where each rater's numbers are brought to 0..1, from every
    side by themselves, it is their mean: the least one given is then 0, and says nothing of the others. Raises
    InputError."""
    names = options.sides
    patterns = options.raters or (f"rater{RATER}" if not names else f"rater{RATER}_{SIDE}",)
    sides = tuple(_read_side(table, name, patterns, options.scale) for name in names or (ONE_SIDE,))
    for side in sides[1:]:
        if side.raters != sides[0].raters:
            name = next(iter(set(side.raters) ^ set(sides[0].raters)))
            raise InputError(f"rater {shorten(name)} in {table.name} has not rated every side; leave the rater out")
    if len(sides) == 1 or OVERALL in names:
        return sides
    values = _combine([side.values for side in sides], table, options.scale)
    return (*sides, RatedSide(OVERALL, sides[0].raters, values, names, options.scale))


def read_from(table: ScoreTable, metric: MetricColumn, side: RatedSide) -> Numbers:
    """float64[N]: what a metric says from a side, turned so that higher is better; the same from all, where the name of
    its column has no place for one. Raises InputError."""
    if SIDE not in metric.column:
        return metric.read(table)
    columns = [metric.column.replace(SIDE, part) for part in side.parts or (side.name,)]
    values = [replace(metric, column=column, higher_is_better=True).read(table) for column in columns]
    if side.parts and side.scale == "minmax":
        values = [_bring_to_unit(*numbers, table) for numbers in zip(columns, values, strict=True)]
    combined = _combine(values, table, side.scale) if side.parts else values[0]
    return combined if metric.higher_is_better else -combined


def title_of(metric: MetricColumn) -> str:
    """The name of a metric without the place for a side."""
    return metric.name.replace(SIDE, "").strip("_.-: ") or metric.name


def _read_side(table: ScoreTable, side: str, patterns: Sequence[str], scale: Scale) -> RatedSide:
    columns: dict[str, str] = {}
    for pattern in patterns:
        columns |= _find_columns(table, pattern.replace(SIDE, side), pattern)
    if not columns:
        raise InputError(f"{table.name} has no ratings in {' or '.join(map(quote_value, patterns))}; {REMEDY}")
    by_rater = [table.numbers(column, REMEDY) for column in columns.values()]
    if scale == "minmax":
        by_rater = [_bring_to_unit(*rated, table) for rated in zip(columns.values(), by_rater, strict=True)]
    values = np.stack(by_rater, axis=1)
    return RatedSide(side, tuple(columns), np.where(np.isfinite(values), values, np.nan), scale=scale)


def _find_columns(table: ScoreTable, name: str, pattern: str) -> dict[str, str]:
    """The columns that a name with a place for a rater stands for, by the raters, who are letters and digits."""
    if RATER not in name:
        return {pattern.replace(SIDE, "").strip("_.-: ") or pattern: name}
    before, after = (re.escape(part) for part in name.split(RATER, 1))
    matches = ((re.fullmatch(f"{before}([^\\W_]+){after}", column), column) for column in table.columns)
    return {match[1]: column for match, column in matches if match and column in table}


def _bring_to_unit(column: str, values: Numbers, table: ScoreTable) -> Numbers:
    """0 at the least of the numbers that are finite, 1 at the greatest. Raises InputError where there is but one."""
    known = values[np.isfinite(values)]
    low, high = known.min(initial=np.inf), known.max(initial=-np.inf)
    if low == high:
        raise InputError(
            f"{table.name} has no number but {low:g} in {shorten(column)}, which minmax cannot bring to 0..1; leave it "
            "out, or take --scale raw"
        )
    return (values - low) / (high - low) if len(known) else values


def _combine(parts: Sequence[Doubles], table: ScoreTable, scale: Scale) -> Doubles:
    """The mean of numbers that were brought to 0..1; the geometric mean of others, from 0 on. Raises InputError."""
    values = np.stack(parts)
    if scale == "minmax":
        return np.asarray(values.mean(axis=0))
    if (values < 0).any():
        raise InputError(
            f"{table.name} has {float(np.nanmin(values)):g} among the numbers of a side, and overall is the root of "
            "their product; name one side at a time with --sides, or take --scale minmax"
        )
    return np.asarray(values.prod(axis=0) ** (1 / len(parts)))
