"""The score anew from its parts: with Norm() refitted on the data, or with another alpha (sections 4 and 5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.batch.score_columns import metric_column
from editjudge.errors import InputError
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.score_table import Numbers, ScoreTable
from editjudge.metrics.registry import ALPHA, DEFAULT, METRICS

REMEDY = "score the data set with editjudge score-dataset"


def rescore(table: ScoreTable, options: EvaluationOptions) -> ScoreTable:
    """The table with scores by the ranges and the alpha of the options. Raises InputError."""
    if options.norm == "data":
        table = refit_sums(refit_semantic(table))
    elif options.alpha is None:
        return table
    score = apply_alpha(table, ALPHA if options.alpha is None else options.alpha)
    return table.with_columns({DEFAULT.name: list(score)})


def apply_alpha(table: ScoreTable, alpha: float) -> Numbers:
    """alpha * S_semantic + (1 - alpha) * S_region per row; a global edit has the semantic score alone."""
    semantic, region = table.numbers("semantic.score", REMEDY), _optional(table, "region.score")
    return np.where(np.isnan(region), semantic, alpha * semantic + (1 - alpha) * region)


def refit_semantic(table: ScoreTable) -> ScoreTable:
    """The table with S_modify, S_preserve and S_semantic by the least and the greatest raw values of the data."""
    modify, preserve = table.numbers("semantic.modify_raw", REMEDY), _optional(table, "semantic.preserve_raw")
    is_share = _is_share(table, modify)
    refitted = _normalise(modify, table.name, "semantic.modify_raw", ~is_share)
    modify = np.where(is_share, np.clip(modify, 0.0, 1.0), refitted)
    preserve = _normalise(preserve, table.name, "semantic.preserve_raw")
    # Where only one applies, it counts twice, as in the score itself.
    semantic = np.where(np.isnan(preserve), modify, preserve) + np.where(np.isnan(modify), preserve, modify)
    columns = {"semantic.modify": modify, "semantic.preserve": preserve, "semantic.score": semantic}
    return table.with_columns({name: list(values) for name, values in columns.items()})


def refit_sums(table: ScoreTable) -> ScoreTable:
    """The table with metrics that are sums of others added up anew, each of these brought to 0..1 over the data."""
    columns = {}
    for spec in (metric.spec for metric in METRICS if metric.spec.parts):
        total, *parts = map(metric_column, (spec.name, *spec.parts))
        if all(column in table for column in (total, *parts)):
            terms = [_normalise(table.numbers(part, REMEDY), table.name, part) for part in parts]
            columns[total] = list(np.sum(terms, axis=0))
    return table.with_columns(columns)


def _optional(table: ScoreTable, column: str) -> Numbers:
    """As `numbers`; all NaN in a table of global edits alone, which have no such part."""
    return table.numbers(column, REMEDY) if column in table else np.full(len(table), np.nan)


def _is_share(table: ScoreTable, modify: Numbers) -> NDArray[np.bool_]:
    """bool[N]: where S_modify is a share of 1 already: of moves, resizing and edits that did nothing.

    The released code has no such exception; the scores themselves tell which rules they follow.
    """
    edits = zip(table.labels("intent.edit_type"), table.labels("flags"), strict=True)
    exempt = np.array([kind in ("move", "size") or "no_op" in flags for kind, flags in edits], dtype=bool)
    same = np.isclose(table.numbers("semantic.modify", REMEDY), np.clip(modify, 0.0, 1.0))
    return np.asarray(exempt & same)


def _normalise(values: Numbers, table: str, column: str, fitted: NDArray[np.bool_] | bool = True) -> Numbers:
    """Norm(): 0 at the least of the `fitted` values, 1 at the greatest. Raises InputError."""
    basis = values[fitted & np.isfinite(values)]
    if not len(basis):
        return np.full(len(values), np.nan)
    low, high = float(basis.min()), float(basis.max())
    if low == high:
        raise InputError(
            f"{table} has the one value {low:g} in {column}, which no range can be fitted to; --norm bundle"
        )
    return np.clip((values - low) / (high - low), 0.0, 1.0)
