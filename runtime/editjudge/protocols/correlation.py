"""Correlation of scores with human ratings over the edits of each model (table 10).

The paper advises against it (B.2): edits by different instructions compare poorly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editjudge.errors import InputError
from editjudge.protocols.bootstrap import Resampling, Sampled
from editjudge.protocols.human_alignment import RATINGS
from editjudge.protocols.measures import Measure
from editjudge.protocols.options import Options
from editjudge.protocols.pairs import ANY, Indices
from editjudge.protocols.rank import METHODS
from editjudge.protocols.rescore import rescored
from editjudge.protocols.result import Grid, Result
from editjudge.protocols.score_table import ScoreTable


def correlation(table: ScoreTable, measures: Sequence[Measure], options: Options) -> Result:
    """Metrics by model, and the mean over the models. Raises InputError."""
    good = rescored(table.scored(), options)
    human = good.numbers(options.human, RATINGS)
    scores = np.stack([each.read(good) for each in measures])
    rated, measured = ~np.isnan(human), np.isfinite(scores).all(axis=0)
    rows = np.flatnonzero(rated & measured)
    if not len(rows):
        raise InputError(f"{good.name} has no row with a human rating and a score of every metric")
    group, groups = _groups(good, options)
    names = np.array(good.labels(options.model) if options.model in good else [ANY] * len(good))
    models = list(dict.fromkeys(names[rows]))
    by_model = [rows[names[rows] == model] for model in models]
    correlate, resampling = METHODS[options.method], Resampling(groups, options.resamples, options.seed)

    def of(weights: np.ndarray) -> np.ndarray:
        """float64[B, metrics, models] for weights float64[B, groups]."""
        drawn = [
            [correlate(score[chosen], human[chosen], weights[:, group[chosen]]) for chosen in by_model]
            for score in scores
        ]
        return np.moveaxis(np.array(drawn), 2, 0)

    draws = np.concatenate([np.empty((0, len(scores), len(models))), *map(of, resampling.weights())])
    sampled = Sampled(of(np.ones((1, groups)))[0], draws)
    mean = sampled.mean()
    stacked = Sampled(
        np.concatenate([sampled.value, mean.value[:, None]], axis=1),
        np.concatenate([sampled.draws, mean.draws[:, :, None]], axis=2),
    )
    counts = [len(chosen) for chosen in by_model]
    title = f"{options.method.capitalize()} correlation with humans"
    grid = Grid.of(
        title, [each.name for each in measures], [*models, "mean"], stacked, np.array([*counts, sum(counts)])
    )
    return Result(
        "correlation",
        {"correlation": grid},
        used={"rows": len(rows), "groups": len(np.unique(group[rows]))},
        left_out={
            "rows with an error": len(table) - len(good),
            "rows without a human rating": int(np.count_nonzero(~rated)),
            "rows that a metric has no score for": int(np.count_nonzero(rated & ~measured)),
        },
    )


def _groups(table: ScoreTable, options: Options) -> tuple[Indices, int]:
    """int[rows], the group of each row, and how many there are; a row without a group is one of its own."""
    names = [name or row for row, name in enumerate(table.labels(options.group))]
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([places[name] for name in names], dtype=np.intp), len(places)
