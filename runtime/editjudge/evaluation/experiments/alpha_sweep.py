"""The weight of the semantic score (table 9): agreement with humans for alpha from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from editjudge.evaluation.experiments.human_alignment import RATINGS, tie_notes
from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.rescore import apply_alpha, rescore
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.score_table import ScoreTable
from editjudge.evaluation.statistics.bootstrap import Statistic
from editjudge.evaluation.statistics.pairwise_accuracy import align
from editjudge.metrics.registry import ALPHA, DEFAULT

ALPHAS = tuple(step / 10 for step in range(11))


def alpha_sweep(table: ScoreTable, metrics: Sequence[MetricColumn], options: EvaluationOptions) -> Result:
    """The agreement by alpha, and its difference from that at the usual alpha; other metrics for comparison.

    Global edits have no region score; they are the same for every alpha.
    """
    scored = rescore(table.drop_errors(), replace(options, alpha=None))
    others = {metric.name: metric.read(scored) for metric in metrics if metric.name != DEFAULT.name}
    sweep = {f"{alpha:.1f}": apply_alpha(scored, alpha) for alpha in ALPHAS}
    alignment = align(scored, {**sweep, **others}, scored.numbers(options.human, RATINGS), options)
    mean, usual = alignment.mean, list(sweep).index(f"{ALPHA:.1f}")
    shares = Statistic.stack(mean, alignment.pooled, mean - mean[usual : usual + 1])
    columns = ("mean over models", "all pairs", f"against {ALPHA:g}")
    every = Grid.of("agreement with humans", alignment.names, columns, shares, np.array(len(alignment.pairs)))
    count = len(ALPHAS)
    grids = {"alpha": replace(every, title="agreement by alpha", rows=every.rows[:count], cells=every.cells[:count])}
    if others:
        grids["others"] = replace(every, title="other metrics", rows=every.rows[count:], cells=every.cells[count:])
    best = int(np.argmax(mean.value[:count]))
    return Result(
        "alpha-sweep",
        grids,
        used={"rows": len(scored), "groups": alignment.pairs.groups, "pairs": len(alignment.pairs)},
        left_out={"rows with an error": len(table) - len(scored), **alignment.pairs.left_out},
        notes=(f"best at alpha = {ALPHAS[best]:g}", *tie_notes(alignment.ties, options)),
    )
