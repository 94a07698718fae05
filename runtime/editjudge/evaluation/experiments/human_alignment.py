"""Human alignment (tables 1 and 2): does a metric order the edits of two models as humans do?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.rescore import rescore
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.score_table import ScoreTable
from editjudge.evaluation.statistics.bootstrap import Statistic, lead
from editjudge.evaluation.statistics.pairwise_accuracy import Alignment, align
from editjudge.evaluation.statistics.reliability import reliability

RATINGS = "add the ratings of humans, or name their column with --human"


def human_alignment(table: ScoreTable, metrics: Sequence[MetricColumn], options: EvaluationOptions) -> Result:
    """The share of agreement by pair of models, its mean over them, and by how far the first metric is ahead."""
    scored = rescore(table.drop_errors(), options)
    scores = {metric.name: metric.read(scored) for metric in metrics}
    alignment = align(scored, scores, scored.numbers(options.human, RATINGS), options)
    bins = reliability(scored, alignment, scores, options)
    return Result(
        "human-alignment",
        {"mean": mean_grid(alignment), "pairs": pairs_grid(alignment), **bins},
        used={"rows": len(scored), "groups": alignment.pairs.groups, "pairs": len(alignment.pairs)},
        left_out={"rows with an error": len(table) - len(scored), **alignment.pairs.left_out},
        notes=tie_notes(alignment.ties, options),
    )


def mean_grid(alignment: Alignment, title: str = "agreement with humans") -> Grid:
    """Metrics by mean over the pairs of models, share of all pairs, and how far the first metric is ahead."""
    columns = ("mean over models", "all pairs", f"{alignment.names[0]} ahead by")
    shares = Statistic.stack(alignment.mean, alignment.pooled, lead(alignment.mean))
    return Grid.of(title, alignment.names, columns, shares, np.array(len(alignment.pairs)))


def pairs_grid(alignment: Alignment, title: str = "agreement by pair of models") -> Grid:
    """Pairs of models by metric."""
    shares = Statistic(alignment.shares.value.T, alignment.shares.draws.swapaxes(1, 2))
    return Grid.of(title, alignment.pairs.labels, alignment.names, shares, alignment.counts[:, None])


def tie_notes(ties: Mapping[str, int], options: EvaluationOptions) -> tuple[str, ...]:
    """Which metrics tied pairs that humans do not, and what that counted."""
    tied = ", ".join(f"{name} ({count})" for name, count in ties.items() if count)
    meaning = {"wrong": "as wrong", "half": "as half right", "formula": "as a preference of the second"}[options.ties]
    return (f"pairs that a metric ties, counted {meaning}: {tied}",) if tied else ()
