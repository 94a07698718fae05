"""BPM anew from its parts: with Norm() refitted on the data, or with another alpha (sections 4 and 5 of the metric)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.errors import InputError
from editjudge.overall import ALPHA
from editjudge.protocols.options import Options
from editjudge.protocols.score_table import Numbers, ScoreTable

REMEDY = "score the data set with editjudge score-dataset"
SUMS = {"metrics.clip_t_plus_i": ("metrics.clip_t", "metrics.clip_i")}


def rescored(table: ScoreTable, options: Options) -> ScoreTable:
    """The table with BPM by the ranges and the alpha that are asked for. Raises InputError."""
    if options.norm == "data":
        table = sums_refitted(refitted(table))
    elif options.alpha is None:
        return table
    return table.replaced({"bpm": with_alpha(table, ALPHA if options.alpha is None else options.alpha)})


def with_alpha(table: ScoreTable, alpha: float) -> list[float]:
    """alpha * S_semantic + (1 - alpha) * S_region per row; a global edit has the semantic score alone."""
    semantic, region = table.numbers("semantic.score", REMEDY), _optional(table, "region.score")
    return list(np.where(np.isnan(region), semantic, alpha * semantic + (1 - alpha) * region))


def refitted(table: ScoreTable) -> ScoreTable:
    """The table with S_modify, S_preserve and S_semantic by the least and the greatest raw values of the data."""
    modify, preserve = table.numbers("semantic.modify_raw", REMEDY), _optional(table, "semantic.preserve_raw")
    asis = _shares(table, modify)
    modified = np.where(asis, np.clip(modify, 0.0, 1.0), _min_max(modify, ~asis, table.name, "semantic.modify_raw"))
    preserved = _min_max(preserve, np.ones(len(table), dtype=bool), table.name, "semantic.preserve_raw")
    # Where only one applies, it counts twice, as in `overall.semantic_score`.
    semantic = np.where(np.isnan(preserved), modified, preserved) + np.where(np.isnan(modified), preserved, modified)
    columns = {"semantic.modify": modified, "semantic.preserve": preserved, "semantic.score": semantic}
    return table.replaced({name: list(values) for name, values in columns.items()})


def sums_refitted(table: ScoreTable) -> ScoreTable:
    """The table with metrics that are sums of others added up anew, each of these brought to 0..1 over the data."""
    columns = {
        name: list(_normed(table, one) + _normed(table, other))
        for name, (one, other) in SUMS.items()
        if all(column in table for column in (name, one, other))
    }
    return table.replaced(columns)


def _normed(table: ScoreTable, column: str) -> Numbers:
    return _min_max(table.numbers(column, REMEDY), np.ones(len(table), dtype=bool), table.name, column)


def _optional(table: ScoreTable, column: str) -> Numbers:
    """As `numbers`; all NaN in a table of global edits alone, which have no such part."""
    return table.numbers(column, REMEDY) if column in table else np.full(len(table), np.nan)


def _shares(table: ScoreTable, modify: Numbers) -> NDArray[np.bool_]:
    """bool[N]: where S_modify is a share of 1 already, of moves, resizing and edits that did nothing: see `overall`.

    The released code knows no such exception; what was scored by its rules, the scores themselves tell.
    """
    exempt = np.array(
        [
            kind in ("move", "size") or "no_op" in flags
            for kind, flags in zip(table.labels("intent.edit_type"), table.labels("flags"), strict=True)
        ],
        dtype=bool,
    )
    same = np.isclose(table.numbers("semantic.modify", REMEDY), np.clip(modify, 0.0, 1.0))
    return np.asarray(exempt & same)


def _min_max(values: Numbers, fitted: NDArray[np.bool_], name: str, column: str) -> Numbers:
    """Norm(): 0 at the least of the `fitted` values, 1 at the greatest. Raises InputError."""
    basis = values[fitted & np.isfinite(values)]
    if not len(basis):
        return np.full(len(values), np.nan)
    low, high = float(basis.min()), float(basis.max())
    if low == high:
        raise InputError(
            f"{name} has the one value {low:g} in {column}, which no range can be fitted to; --norm bundle"
        )
    return np.clip((values - low) / (high - low), 0.0, 1.0)
