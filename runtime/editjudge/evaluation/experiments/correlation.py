"""Correlation of scores with human ratings over the edits of each model (table 10).

The paper advises against it (B.2): edits by different instructions compare poorly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editjudge.errors import InputError
from editjudge.evaluation.experiments.human_alignment import RATINGS
from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.rescore import rescore
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.score_table import ScoreTable
from editjudge.evaluation.statistics.bootstrap import Resampling
from editjudge.evaluation.statistics.pairs import model_names, number_groups
from editjudge.evaluation.statistics.rank_correlation import METHODS
from editjudge.evaluation.unjudged import row_notes
from editjudge.types import Doubles


def correlation(table: ScoreTable, metrics: Sequence[MetricColumn], options: EvaluationOptions) -> Result:
    """Metrics by model, and the mean over the models. Raises InputError.

    There is no correlation with a number that is missing: a row that one metric has none for is left out for all.
    """
    scored = rescore(table.drop_errors(), options)
    human = scored.numbers(options.human, RATINGS)
    scores = np.stack([metric.read(scored) for metric in metrics])
    rated, measured = ~np.isnan(human), np.isfinite(scores).all(axis=0)
    used = np.flatnonzero(rated & measured)
    if not len(used):
        raise InputError(f"{scored.name} has no row with a human rating and a score of every metric")
    group, groups = number_groups(scored, options)
    names = np.array(model_names(scored, options))
    models = list(dict.fromkeys(names[used]))
    by_model = [used[names[used] == model] for model in models]
    correlate = METHODS[options.method]

    def compute(weights: Doubles) -> Doubles:
        """float64[B, metrics, models] for weights float64[B, groups]."""
        values = [
            [correlate(score[rows], human[rows], weights[:, group[rows]]) for rows in by_model] for score in scores
        ]
        return np.moveaxis(np.array(values), 2, 0)

    resampling = Resampling(groups, options.resamples, options.seed)
    correlations = resampling.repeat(compute(np.ones((1, groups)))[0], compute).with_mean()
    title, names_of_metrics = f"{options.method.capitalize()} correlation with humans", [m.name for m in metrics]
    counts = np.array([*map(len, by_model), len(used)])
    return Result(
        "correlation",
        {"correlation": Grid.of(title, names_of_metrics, [*models, "mean"], correlations, counts)},
        used={"rows": len(used), "groups": len(np.unique(group[used]))},
        left_out={
            "rows with an error": len(table) - len(scored),
            "rows without a human rating": int(np.count_nonzero(~rated)),
            "rows that a metric has no score for": int(np.count_nonzero(rated & ~measured)),
        },
        notes=row_notes(scored, metrics),
    )
