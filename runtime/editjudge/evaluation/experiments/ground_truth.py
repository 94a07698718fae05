"""The ground truth test (table 4): which of three does a metric like best, of what is known to be well edited,
excessively preserved (the original and noise) and excessively modified (painted anew from the text)?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editjudge.batch.table_writers import INPUT
from editjudge.errors import InputError
from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.rescore import rescore
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.score_table import ScoreTable
from editjudge.evaluation.statistics.bootstrap import Indices, Resampling, Statistic, lead
from editjudge.evaluation.statistics.pairs import group_rows
from editjudge.evaluation.unjudged import row_notes, unjudged_notes

KIND = "it tells the well edited candidate from the others: name the column with --kind"
UNJUDGED = "not judged"


def ground_truth(table: ScoreTable, metrics: Sequence[MetricColumn], options: EvaluationOptions) -> Result:
    """The share of inputs on which each metric likes each kind best; a tie shares the input. Raises InputError.

    An input of which a metric does not score all three is won by none of them: what a metric says nothing of it does
    not like best, and what it would have said of the rest decides nothing.
    """
    scored = rescore(table.drop_errors(), options)
    triplets, incomplete = _triplets(scored, options)
    scores = np.stack([metric.read(scored)[triplets] for metric in metrics], axis=1)  # [G, M, 3]
    known = np.asarray(~np.isnan(scores).any(axis=2))
    if not known.any():
        raise InputError(f"{scored.name} has no group in which a metric scores all three kinds of candidates")
    best = np.equal(scores, scores.max(axis=2, keepdims=True)) & known[..., None]
    won = best / np.maximum(best.sum(axis=2, keepdims=True), 1)
    won[:, ~known.any(axis=0)] = np.nan
    kinds = list(options.kinds)
    if not known.all():
        kinds, won = [*kinds, UNJUDGED], np.concatenate([won, ~known[..., None]], axis=2)
    shares = Resampling(len(won), options.resamples, options.seed).shares(won, np.ones((len(won), 1, 1)))
    edited = shares[:, kinds.index("edited")]
    names, count = [metric.name for metric in metrics], np.array(len(won))
    columns, ahead = ("share", f"{names[0]} ahead by"), Statistic.stack(edited, lead(edited))
    ties = zip(names, (best.sum(axis=2) > 1).sum(axis=0), strict=True)
    tied = ", ".join(f"{name} ({inputs})" for name, inputs in ties if inputs)
    silent = dict(zip(names, (~known).sum(axis=0).tolist(), strict=True))
    unjudged = unjudged_notes("inputs", "counted as won by none of the three", silent, len(won))
    return Result(
        "ground-truth",
        {
            "liked": Grid.of("share of inputs on which it is liked best", names, kinds, shares, count),
            "ahead": Grid.of("well edited liked best", names, columns, ahead, count),
        },
        used={"rows": 3 * len(won), "groups": len(won)},
        left_out={
            "rows with an error": len(table) - len(scored),
            "groups without exactly one candidate of each kind": incomplete,
        },
        notes=(
            *row_notes(scored, metrics),
            *unjudged,
            *([f"inputs with a tie, shared: {tied}"] if tied else []),
        ),
    )


def _triplets(table: ScoreTable, options: EvaluationOptions) -> tuple[Indices, int]:
    """int[G, 3], the rows of each input in the order of the kinds; and how many inputs lack one, or have two.

    The data set's own column comes first, which scoring renamed if it had the name of one of its own.
    """
    column = f"{INPUT}{options.kind}" if f"{INPUT}{options.kind}" in table else options.kind
    kind_of = {alias: kind for kind, aliases in options.kinds.items() for alias in aliases}
    kinds = [kind_of.get((text or "").lower()) for text in table.texts(column, KIND)]
    groups, triplets = group_rows(table, options), []
    for rows in groups.values():
        candidates = [row for kind in options.kinds for row in rows if kinds[row] == kind]
        if [kinds[row] for row in candidates] == list(options.kinds):
            triplets.append(candidates)
    if not triplets:
        expected = "; ".join(f"{kind}: {', '.join(aliases)}" for kind, aliases in options.kinds.items())
        raise InputError(
            f"{table.name} has no group with exactly one candidate of each kind in {column} ({expected}); "
            "name the column with --kind, or its values with --kinds"
        )
    return np.array(triplets, dtype=np.intp), len(groups) - len(triplets)
