"""Raters against each other, and metrics against the mean rater (VIEScore, section 4): from every side, and overall."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from itertools import combinations

import numpy as np

from editjudge.errors import InputError, quote_value
from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions, Scale
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.score_table import Numbers, ScoreTable
from editjudge.evaluation.sides import RatedSide, read_from, read_sides, title_of
from editjudge.evaluation.statistics.bootstrap import Indices, Resampling, Statistic
from editjudge.evaluation.statistics.pairs import number_groups
from editjudge.evaluation.statistics.rank_correlation import METHODS, fisher_mean, is_perfect
from editjudge.evaluation.statistics.rater_agreement import alpha, icc, kappa
from editjudge.types import Doubles

ALL_EDITS = "all edits"
MEANS: Mapping[Scale, str] = {"raw": "geometric mean", "minmax": "mean"}
SCALED = "each rater's from each side, and for overall a metric's"
DEFAULTS = {field.name: field.default for field in fields(EvaluationOptions)}


def agreement(table: ScoreTable, metrics: Sequence[MetricColumn], options: EvaluationOptions) -> Result:
    """ICC(2,1), Krippendorff's alpha, and kappa and correlation of every two raters; the correlation of every metric
    with the mean rater. Correlations are those over the edits of each model, and their mean by Fisher's z.

    A rating that is missing is left out where it is needed, and so are edits that a metric has no score for. Where a
    rater or a metric does not vary over the edits of a model there is no correlation, and the mean is that of the
    others. Raises InputError.
    """
    scored = table.drop_errors()
    for name in ("group", "model"):
        column = getattr(options, name)
        if column not in scored and column != DEFAULTS[name]:
            raise InputError(f"{scored.name} has no column {quote_value(column)}; name another one with --{name}")
    sides = read_sides(scored, options)
    if len(sides[0].raters) == 1 and not metrics:
        raise InputError(f"{scored.name} has one rater and no metric to compare; name some with --raters or --metrics")
    sample = _Sample(scored, options)
    known = [~np.isnan(side.values).all(axis=1) for side in sides]
    if not any(mask.any() for mask in known):
        raise InputError(f"{scored.name} has no row with a rating that could be compared; check its columns")
    among, correlations = _compare_raters(sides, sample)
    against, others = _compare_metrics(scored, metrics, sides, sample)
    unrated = int(np.count_nonzero(~np.logical_and.reduce(known)))
    return Result(
        "agreement",
        {**against, **among},
        used={"rows": len(scored), "groups": sample.resampling.groups, "raters": len(sides[0].raters)},
        left_out={"rows with an error": len(table) - len(scored), "rows that nobody rated from some side": unrated},
        notes=(*_notes(scored, metrics, sides), *_left_out_of_means(np.concatenate([others, correlations]))),
    )


class _Sample:
    """The edits by model and by group, and what is computed over all resamples of the groups."""

    def __init__(self, table: ScoreTable, options: EvaluationOptions) -> None:
        self._group, groups = number_groups(table, options)
        names = table.labels(options.model) if options.model in table else [ALL_EDITS] * len(table)
        self.models = tuple(dict.fromkeys(names))
        self._model = np.array([self.models.index(name) for name in names], dtype=np.intp)
        self._correlate = METHODS[options.method]
        self.method = options.method.capitalize()
        self.resampling = Resampling(groups, options.resamples, options.seed)

    def measure(self, compute: Callable[[Doubles], Doubles]) -> Statistic:
        """A statistic of all edits, float64[B, ...] of weights float64[B, N]."""
        whole = compute(np.ones((1, len(self._group))))[0]
        return self.resampling.repeat(whole, lambda weights: compute(weights[:, self._group]))

    def correlate(self, pairs: Sequence[tuple[Numbers, Numbers]]) -> Statistic:
        """[pairs, models] of two columns each, over the edits that both have a number for."""
        rows = [[self._rows(of, x, y) for of in range(len(self.models))] for x, y in pairs]

        def compute(weights: Doubles) -> Doubles:
            values = [
                [self._correlate_rows(x[used], y[used], weights[:, used]) for used in by_model]
                for (x, y), by_model in zip(pairs, rows, strict=True)
            ]
            return np.moveaxis(np.array(values), 2, 0)

        return self.measure(compute)

    def _correlate_rows(self, x: Numbers, y: Numbers, weights: Doubles) -> Doubles:
        """float64[B]; NaN where there are no rows."""
        return self._correlate(x, y, weights) if len(x) else np.full(len(weights), np.nan)

    def _rows(self, model: int, x: Numbers, y: Numbers) -> Indices:
        return np.flatnonzero((self._model == model) & np.isfinite(x) & np.isfinite(y))

    def count(self, x: Numbers, y: Numbers) -> list[int]:
        """The edits of each model that both have a number for."""
        return [len(self._rows(model, x, y)) for model in range(len(self.models))]


def _compare_raters(sides: Sequence[RatedSide], sample: _Sample) -> tuple[dict[str, Grid], Doubles]:
    """Grids with a column per side: of all raters, and of every two; none where there is a single one. And every
    correlation that means were taken of."""
    raters, names = sides[0].raters, [side.name for side in sides]
    pairs = list(combinations(range(len(raters)), 2))
    if not pairs:
        return {}, np.zeros(0)
    together = [_stack([sample.measure(partial(of, side.values)) for side in sides]) for of in (icc, alpha)]
    weighted = _stack([sample.measure(partial(_kappas, side.values, pairs)) for side in sides])
    by_model = _stack([sample.correlate(_columns(side.values, pairs)) for side in sides])
    ranked = by_model.map(fisher_mean)
    weighted, ranked = weighted.with_mean(), ranked.append(ranked.map(fisher_mean))  # [sides, pairs and their mean]
    both = np.array([[_count_both(side.values[:, pair]) for pair in pairs] for side in sides])
    counts = np.concatenate([both, both.max(axis=1, keepdims=True)], axis=1).T
    rated = [(~np.isnan(side.values)).sum(axis=1) for side in sides]
    rest_on = np.array([[np.count_nonzero(n == len(raters)) for n in rated], [np.count_nonzero(n > 1) for n in rated]])
    rows = [*(f"{raters[a]} and {raters[b]}" for a, b in pairs), "mean"]
    measures = ("ICC(2,1)", "Krippendorff's alpha")
    grids = {
        "reliability": Grid.of("agreement of all raters", measures, names, _turn(Statistic.stack(*together)), rest_on),
        "kappa": Grid.of("quadratic weighted kappa of two raters", rows, names, _turn(weighted), counts),
        "raters": Grid.of(f"{sample.method} correlation of two raters", rows, names, _turn(ranked), counts),
    }
    return grids, by_model.value.ravel()


def _compare_metrics(
    table: ScoreTable, metrics: Sequence[MetricColumn], sides: Sequence[RatedSide], sample: _Sample
) -> tuple[dict[str, Grid], Doubles]:
    """A grid of metrics by side, and one of metrics and sides by model; all metrics on the same edits. And every
    correlation that means were taken of."""
    if not metrics:
        return {}, np.zeros(0)
    pairs: list[tuple[Numbers, Numbers]] = []
    for side in sides:
        scores = np.stack([read_from(table, metric, side) for metric in metrics])
        rated = np.where(np.isfinite(scores).all(axis=0), _mean_rater(side), np.nan)
        pairs += [(score, rated) for score in scores]
    by_model = sample.correlate(pairs)
    mean = by_model.map(fisher_mean)
    counts = np.array([sample.count(*pair) for pair in pairs])
    names, whole = _name_metrics(metrics), counts.sum(axis=1)
    shape = (len(sides), len(metrics))
    title = f"{sample.method} correlation with the mean rater"
    grids = {
        "metrics": Grid.of(
            title,
            names,
            [side.name for side in sides],
            Statistic(mean.value.reshape(shape).T, mean.draws.reshape(-1, *shape).swapaxes(1, 2)),
            whole.reshape(shape).T,
        )
    }
    if len(sample.models) > 1:
        rows = [f"{name}, {side.name}" if len(sides) > 1 else name for side in sides for name in names]
        columns, counts = (*sample.models, "mean"), np.concatenate([counts, whole[:, None]], axis=1)
        grids["correlation"] = Grid.of(f"{title} by model", rows, columns, by_model.append(mean), counts)
    return grids, by_model.value.ravel()


def _name_metrics(metrics: Sequence[MetricColumn]) -> list[str]:
    """Without the place for a side, unless two would be called the same."""
    titles = [title_of(metric) for metric in metrics]
    return titles if len(set(titles)) == len(titles) else [metric.name for metric in metrics]


def _stack(parts: Sequence[Statistic]) -> Statistic:
    """Statistics of one shape, on a new first axis."""
    return Statistic(np.stack([part.value for part in parts]), np.stack([part.draws for part in parts], axis=1))


def _turn(statistic: Statistic) -> Statistic:
    return statistic.map(lambda values: values.swapaxes(-1, -2))


def _kappas(ratings: Doubles, pairs: Sequence[tuple[int, int]], weights: Doubles) -> Doubles:
    """float64[B, pairs]"""
    return np.stack([kappa(ratings[:, pair], weights) for pair in pairs], axis=1)


def _columns(ratings: Doubles, pairs: Sequence[tuple[int, int]]) -> list[tuple[Numbers, Numbers]]:
    return [(ratings[:, first], ratings[:, second]) for first, second in pairs]


def _count_both(ratings: Doubles) -> int:
    return int(np.count_nonzero(~np.isnan(ratings).any(axis=1)))


def _mean_rater(side: RatedSide) -> Numbers:
    """float64[N], of those who rated; NaN where nobody did."""
    known = ~np.isnan(side.values)
    count = known.sum(axis=1)
    total = np.where(known, side.values, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0))


def _notes(table: ScoreTable, metrics: Sequence[MetricColumn], sides: Sequence[RatedSide]) -> tuple[str, ...]:
    unscored = {
        title_of(metric): int(np.count_nonzero(~np.isfinite([read_from(table, metric, side) for side in sides]).all(0)))
        for metric in metrics
    }
    found = ", ".join(f"{name} ({count} of {len(table)})" for name, count in unscored.items() if count)
    overall = [side for side in sides if side.parts]
    same = [side.name for side in sides if len(known := side.values[~np.isnan(side.values)]) and np.ptp(known) == 0]
    return (
        *([f"no agreement can be told where all ratings are the same: {', '.join(same)}"] if same else []),
        *([f"rows without a number, left out for all metrics: {found}"] if found else []),
        *([f"numbers brought to 0..1 by the least and the greatest: {SCALED}"] if sides[0].scale == "minmax" else []),
        *(
            [f"{overall[0].name} is the {MEANS[overall[0].scale]} of {' and '.join(overall[0].parts)}"]
            if overall
            else []
        ),
    )


def _left_out_of_means(correlations: Doubles) -> tuple[str, ...]:
    """How many correlations, each over the edits of a model, no mean rests on; only where it rests on others."""
    without, perfect = np.isnan(correlations), is_perfect(correlations)
    counts = {
        "one of the two does not vary": int(np.count_nonzero(without)),
        "they are exactly 1 or -1, as happens with few edits, and would outweigh all others": int(
            np.count_nonzero(perfect)
        ),
    }
    if not (~without & ~perfect).any():
        return ()
    return tuple(
        f"correlations of single models that are not in the means, as {why}: {count} of {len(correlations)}"
        for why, count in counts.items()
        if count
    )
