"""The parts of the score against human ratings of the same (tables 5, 6 and 14).

S_modify and S_preserve order pairs, beside the baselines that look at the same. S_size and S_position say yes or no,
or half yes: per model, the share on which humans say the same.

A part that does not apply to an edit, as preservation to one of the whole picture, is left out. One that does and was
not measured is no right answer: its pairs, and its yes or no, count as wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from editjudge.errors import InputError
from editjudge.evaluation.experiments.human_alignment import judged_grids, mean_grid, pair_notes, pairs_grid
from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.recorded_parts import REMEDY
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.score_table import Numbers, ScoreTable
from editjudge.evaluation.statistics.bootstrap import Resampling
from editjudge.evaluation.statistics.pairs import group_rows, model_names
from editjudge.evaluation.statistics.pairwise_accuracy import align
from editjudge.evaluation.unjudged import unjudged_notes
from editjudge.metrics.registry import DEFAULT, SUB_SCORES
from editjudge.types import ALL

SEMANTIC, REGION = SUB_SCORES["semantic"], SUB_SCORES["region"][::-1]  # size first, as in the paper
MIDDLES = {(0.0, 1.0): 0.5, (1.0, 5.0): 3.0}
"""What a rating must exceed to say yes, by the ends of the scale: yes or no, and the paper's (figure 7), in which 3 is
average. The paper does not say where it drew the line; the middle is ours."""


def components(table: ScoreTable, metrics: Sequence[MetricColumn], options: EvaluationOptions) -> Result:
    """A grid per part that humans rated. Raises InputError."""
    scored = table.drop_errors()
    semantic, region = ([part for part in parts if options.ratings[part] in scored] for parts in (SEMANTIC, REGION))
    if not semantic + region:
        columns = ", ".join(options.ratings[part] for part in (*SEMANTIC, *REGION))
        raise InputError(
            f"{scored.name} has none of the columns {columns}; name those with human ratings of parts: --ratings"
        )
    grids: dict[str, Grid] = {}
    used, left_out = {"rows": len(scored)}, {"rows with an error": len(table) - len(scored)}
    notes: list[str] = []
    for part in semantic:
        human, values = scored.numbers(options.ratings[part], ""), scored.measurements(f"semantic.{part}_raw", REMEDY)
        applies = _applies(scored, values)
        rivals = {metric.name: metric.read(scored) for metric in metrics if metric.aspect in (part, "both")}
        alignment = align(scored, {part: values, **rivals}, np.where(applies, human, np.nan), options)
        grids[part] = mean_grid(alignment, f"agreement with humans on {part}")
        grids |= {f"{part}_{key}": grid for key, grid in judged_grids(alignment).items()}
        grids[f"{part}_pairs"] = pairs_grid(alignment, f"agreement on {part} by pair of models")
        used[f"pairs for {part}"] = len(alignment.pairs)
        left_out |= {f"for {part}, {what}": count for what, count in alignment.pairs.left_out.items()}
        left_out[f"rated rows to which {part} does not apply"] = int(np.count_nonzero(~np.isnan(human) & ~applies))
        notes += pair_notes(alignment, options)
    if region:
        agreement = {part: _agreement(scored, part, options) for part in region}
        grids["region"] = _region_grid(scored, agreement, options)
        for part in region:
            rows = grids["region"].row(part)["mean"].count
            silent = int(
                np.count_nonzero(np.isnan(scored.measurements(f"region.{part}", REMEDY)) & ~np.isnan(agreement[part]))
            )
            used[f"rows for {part}"] = rows
            notes += unjudged_notes("rows", "counted as wrong", {part: silent}, rows)
    return Result("components", grids, used, left_out, tuple(notes))


def _applies(table: ScoreTable, values: Numbers) -> NDArray[np.bool_]:
    """bool[rows]: whether a part with these values applies to the edit.

    Both what does not apply and what was not measured are empty; but the whole score of an edit is empty only where
    something was not measured.
    """
    judged = np.zeros(len(table), bool)
    if DEFAULT.name in table:
        judged = ~np.isnan(table.numbers(DEFAULT.name, REMEDY))
    of_all = np.array([source == ALL for source in table.labels("intent.source")], dtype=bool)
    return np.asarray(~np.isnan(values) | ~(judged | of_all))


def _region_grid(table: ScoreTable, agreements: Mapping[str, Numbers], options: EvaluationOptions) -> Grid:
    """Parts by model, the share of rows on which humans agree, and the mean over the models."""
    groups = group_rows(table, options)
    group = np.full(len(table), -1, dtype=np.intp)
    for index, rows in enumerate(groups.values()):
        group[rows] = index
    agreement = np.stack(list(agreements.values()))
    known = ~np.isnan(agreement) & (group >= 0)
    names = np.array(model_names(table, options))
    models = list(dict.fromkeys(names[known.any(axis=0)]))
    model = np.array([models.index(name) if name in models else len(models) for name in names], dtype=np.intp)
    resampling = Resampling(len(groups), options.resamples, options.seed)
    label = np.where(known, model, len(models))
    shares, counts = resampling.shares_by_label(agreement, np.maximum(group, 0), label, len(models))
    counts = np.column_stack([counts, counts.sum(axis=1)])
    title = "agreement with humans on size and position by model"
    return Grid.of(title, list(agreements), [*models, "mean"], shares.with_mean(), counts)


def _agreement(table: ScoreTable, part: str, options: EvaluationOptions) -> Numbers:
    """float64[rows], 1 where score and humans say the same, 0.5 where the score says half, 0 where it was not measured.

    NaN where humans say nothing, or where there is nothing to be said.
    """
    human = table.numbers(options.ratings[part], "")
    above = options.satisfied
    if above is None:
        known = human[~np.isnan(human)]
        least, most = float(known.min()), float(known.max())
        middles = [middle for (low, high), middle in MIDDLES.items() if low <= least and most <= high]
        if not middles:
            raise InputError(
                f"{table.name} has ratings from {least:g} to {most:g} in {options.ratings[part]}; "
                "say above which one all is as asked with --satisfied"
            )
        above = middles[0]
    is_right = np.where(np.isnan(human), np.nan, human > above)
    values = table.measurements(f"region.{part}", REMEDY)
    agreement = np.where(np.isnan(values), 0.0, 1.0 - np.abs(is_right - values))
    return np.where(np.isnan(human) | ~_applies(table, values), np.nan, agreement)
