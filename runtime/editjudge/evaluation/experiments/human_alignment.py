"""Human alignment (tables 1 and 2): does a metric order the edits of two models as humans do?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions, Ties
from editjudge.evaluation.rescore import rescore
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.score_table import ScoreTable
from editjudge.evaluation.statistics.bootstrap import Statistic, lead
from editjudge.evaluation.statistics.pairwise_accuracy import Alignment, align
from editjudge.evaluation.statistics.reliability import reliability
from editjudge.evaluation.unjudged import row_notes, unjudged_pairs

TIES: Mapping[Ties, str] = {
    "wrong": "as wrong",
    "half": "as half right",
    "formula": "as a preference of the second",
}
RATINGS = "add the ratings of humans, or name their column with --human"


def human_alignment(table: ScoreTable, metrics: Sequence[MetricColumn], options: EvaluationOptions) -> Result:
    """The share of agreement by pair of models, its mean over them, and by how far the first metric is ahead.

    A pair that a metric does not judge counts as wrong; where there are such, a grid says how many it judges, and how
    many of those it orders right.
    """
    scored = rescore(table.drop_errors(), options)
    scores = {metric.name: metric.read(scored) for metric in metrics}
    alignment = align(scored, scores, scored.numbers(options.human, RATINGS), options)
    bins = reliability(scored, alignment, scores, options)
    return Result(
        "human-alignment",
        {"mean": mean_grid(alignment), **judged_grids(alignment), "pairs": pairs_grid(alignment), **bins},
        used={"rows": len(scored), "groups": alignment.pairs.groups, "pairs": len(alignment.pairs)},
        left_out={"rows with an error": len(table) - len(scored), **alignment.pairs.left_out},
        notes=(*row_notes(scored, metrics), *pair_notes(alignment, options)),
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


def judged_grids(alignment: Alignment) -> dict[str, Grid]:
    """Metrics by the share of all pairs that they judge and the agreement on those; none where all judge all."""
    if alignment.judged.all():
        return {}
    shares = Statistic.stack(alignment.coverage, alignment.pooled_judged)
    counts = np.stack([np.full(len(alignment.names), len(alignment.pairs)), alignment.judged.sum(axis=1)], axis=1)
    columns = ("pairs judged", "agreement on those")
    return {"judged": Grid.of("what could be judged", alignment.names, columns, shares, counts)}


def pair_notes(
    alignment: Alignment, options: EvaluationOptions, unjudged: Mapping[str, int] | None = None
) -> tuple[str, ...]:
    """Which metrics did not judge pairs, and tied such that humans do not, and what that counted.

    unjudged: how many pairs were not judged, by another name of the metric.
    """
    counts = alignment.unjudged if unjudged is None else unjudged
    silent = unjudged_pairs(counts, len(alignment.pairs))
    tied = ", ".join(f"{name} ({count})" for name, count in alignment.ties.items() if count)
    return (*silent, *([f"pairs that a metric ties, counted {TIES[options.ties]}: {tied}"] if tied else []))


def describe_ties(options: EvaluationOptions) -> str:
    """What a tie counts, whether or not there are any."""
    return f"a tie, two edits with the same number of which people prefer one, counts {TIES[options.ties]} (--ties)"
