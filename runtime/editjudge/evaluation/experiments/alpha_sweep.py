"""The weight of the semantic score (table 9): agreement with humans for alpha from 0 to 1, of the paper's plain sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from editjudge.errors import InputError
from editjudge.evaluation.experiments.human_alignment import (
    RATINGS,
    describe_ties,
    judged_grids,
    pair_notes,
)
from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.recorded_parts import RecordedParts
from editjudge.evaluation.rescore import rescore
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.score_table import ScoreTable
from editjudge.evaluation.statistics.bootstrap import Statistic
from editjudge.evaluation.statistics.pairwise_accuracy import align
from editjudge.metrics.registry import ALPHA, DEFAULT

ALPHAS = tuple(step / 10 for step in range(11))


def alpha_sweep(table: ScoreTable, metrics: Sequence[MetricColumn], options: EvaluationOptions) -> Result:
    """The agreement by alpha, and its difference from that at the usual alpha; other metrics for comparison.

    What is swept is alpha * S_semantic + (1 - alpha) * S_region, the paper's plain sum, which the score itself is only
    with `--compat`; where it is not, it is among the others. Global edits have no region score; they are the same for
    every alpha. A row without a number has none for any alpha, and its pairs count as wrong. Raises InputError.
    """
    scored = rescore(table.drop_errors(), replace(options, alpha=None))
    recorded = RecordedParts.of(scored)
    sweep = {f"{alpha:.1f}": recorded.weigh(alpha) for alpha in ALPHAS}
    as_swept = sweep[f"{ALPHA:.1f}"]
    others = {
        metric.name: metric.read(scored) for metric in metrics if DEFAULT.name in scored or metric.name != DEFAULT.name
    }
    if np.allclose(others.get(DEFAULT.name, as_swept), as_swept, rtol=0, atol=1e-6, equal_nan=True):
        others.pop(DEFAULT.name, None)
    alignment = align(scored, {**sweep, **others}, scored.numbers(options.human, RATINGS), options)
    if not alignment.judged[0].any():
        raise InputError(f"{scored.name} has no pair of edits that could be judged, and so nothing to weigh")
    mean, usual = alignment.mean, list(sweep).index(f"{ALPHA:.1f}")
    shares = Statistic.stack(mean, alignment.pooled, mean - mean[usual : usual + 1])
    columns = ("mean over models", "all pairs", f"against {ALPHA:g}")
    every = Grid.of("agreement with humans", alignment.names, columns, shares, np.array(len(alignment.pairs)))
    count = len(ALPHAS)
    grids = {"alpha": replace(every, title="agreement by alpha", rows=every.rows[:count], cells=every.cells[:count])}
    if others:
        grids["others"] = replace(every, title="other metrics", rows=every.rows[count:], cells=every.cells[count:])
    best = int(np.argmax(mean.value[:count]))
    if judged := judged_grids(alignment):
        grids["judged"] = judged["judged"]
    unjudged = {
        "every alpha": alignment.unjudged[f"{ALPHA:.1f}"],
        **{name: alignment.unjudged[name] for name in others},
    }
    silent = int(np.count_nonzero(~recorded.known))
    return Result(
        "alpha-sweep",
        grids,
        used={"rows": len(scored), "groups": alignment.pairs.groups, "pairs": len(alignment.pairs)},
        left_out={"rows with an error": len(table) - len(scored), **alignment.pairs.left_out},
        notes=(
            f"best at alpha = {ALPHAS[best]:g}",
            _describe_swept(DEFAULT.name in others),
            describe_ties(options),
            *([f"rows without a number: {silent} of {len(scored)}"] if silent else []),
            *pair_notes(alignment, options, unjudged),
        ),
    )


def _describe_swept(differs: bool) -> str:
    """Which score the alphas are of. differs: whether the table's own is another one."""
    swept = "swept is the paper's plain sum, alpha * semantic.score + (1 - alpha) * region.score"
    name = DEFAULT.name
    if differs:
        return f"{swept}; the {name} of this table is another score, 0 where nothing of the edit was done"
    return f"{swept}; the {name} of this table, where it has one, is that sum at {ALPHA:g}"
