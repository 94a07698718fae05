"""The score anew from its parts: with Norm() refitted on the data, or with another alpha (sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from editjudge.batch.score_columns import metric_column
from editjudge.bundles.settings import NormRanges, Range
from editjudge.errors import InputError
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.recorded_parts import REMEDY, RecordedParts
from editjudge.evaluation.score_table import Numbers, ScoreTable
from editjudge.metrics.registry import DEFAULT, METRICS, is_ranged, renorm


def rescore(table: ScoreTable, options: EvaluationOptions) -> ScoreTable:
    """The table with scores by the ranges and the alpha of the options. Raises InputError.

    With an alpha they are the paper's plain sums; else they are added up by the rules that the table itself follows. A
    row without a number stays without one.
    """
    if options.norm == "bundle" and options.alpha is None:
        return table
    recorded = RecordedParts.of(table)
    combine = None
    if options.alpha is None and DEFAULT.name in table:
        combine = recorded.rules(table.numbers(DEFAULT.name, REMEDY))
    if options.norm == "data":
        recorded = refit(recorded, table.name)
        table = refit_sums(table).with_columns(recorded.columns())
    if options.alpha is not None:
        return table.with_columns({DEFAULT.name: list(recorded.weigh(options.alpha))})
    return table if combine is None else table.with_columns({DEFAULT.name: list(recorded.add_up(combine))})


def refit(recorded: RecordedParts, table: str) -> RecordedParts:
    """With S_modify, S_preserve and S_semantic by the least and the greatest raw values of the data."""
    parts = [part for of_row in recorded.parts for part in of_row]
    ranges = NormRanges(
        modify=_fit([part.semantic.modify_raw for part in parts if is_ranged(part)], table, "semantic.modify_raw"),
        preserve=_fit([part.semantic.preserve_raw for part in parts], table, "semantic.preserve_raw"),
    )
    refitted = tuple(tuple(renorm(part, ranges) for part in of_row) for of_row in recorded.parts)
    return replace(recorded, parts=refitted)


def refit_sums(table: ScoreTable) -> ScoreTable:
    """The table with metrics that are sums of others added up anew, each of these brought to 0..1 over the data."""
    columns = {}
    for spec in (metric.spec for metric in METRICS if metric.spec.parts):
        total, *parts = map(metric_column, (spec.name, *spec.parts))
        if all(column in table for column in (total, *parts)):
            terms = [_normalise(table.numbers(part, REMEDY), table.name, part) for part in parts]
            columns[total] = list(np.sum(terms, axis=0))
    return table.with_columns(columns)


def _fit(values: Sequence[float | None], table: str, column: str) -> Range:
    """The least and the greatest value; any range where there is none. Raises InputError where they are the same."""
    known = [value for value in values if value is not None and np.isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if low == high:
        raise InputError(
            f"{table} has the one value {low:g} in {column}, which no range can be fitted to; --norm bundle"
        )
    return low, high


def _normalise(values: Numbers, table: str, column: str) -> Numbers:
    """Norm(): 0 at the least of the values, 1 at the greatest. Raises InputError."""
    low, high = _fit(values.tolist(), table, column)
    return np.clip((values - low) / (high - low), 0.0, 1.0)
