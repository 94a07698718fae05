"""The parts of BPM against human ratings of the same (tables 5, 6 and 14).

S_modify and S_preserve order pairs, beside the baselines that look at the same. S_size and S_position say yes or no,
or half yes: per model, the share on which humans say the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editjudge.errors import InputError
from editjudge.protocols.alignment import align
from editjudge.protocols.bootstrap import Resampling, Sampled, tally
from editjudge.protocols.human_alignment import mean_grid, pairs_grid, tie_notes
from editjudge.protocols.measures import Measure
from editjudge.protocols.options import Options
from editjudge.protocols.pairs import ANY, grouped
from editjudge.protocols.rescore import REMEDY
from editjudge.protocols.result import Grid, Result
from editjudge.protocols.score_table import Numbers, ScoreTable

SEMANTIC, REGION = ("modify", "preserve"), ("size", "position")
MIDDLES = {(0.0, 1.0): 0.5, (1.0, 5.0): 3.0}
"""What a rating must exceed to say yes, by the ends of the scale: yes or no, and the paper's (figure 7), in which 3 is
average. The paper does not say where it drew the line; the middle is ours."""


def components(table: ScoreTable, measures: Sequence[Measure], options: Options) -> Result:
    """A grid per part that humans rated. Raises InputError."""
    good = table.scored()
    rated = [part for part in (*SEMANTIC, *REGION) if options.ratings[part] in good]
    if not rated:
        wanted = ", ".join(options.ratings[part] for part in (*SEMANTIC, *REGION))
        raise InputError(
            f"{good.name} has none of the columns {wanted}; name those with human ratings of parts: --ratings"
        )
    grids: dict[str, Grid] = {}
    used, left_out = {"rows": len(good)}, {"rows with an error": len(table) - len(good)}
    notes: list[str] = []
    for part in (part for part in rated if part in SEMANTIC):
        human = good.numbers(options.ratings[part], "")
        rivals = {each.name: each.read(good) for each in measures if each.aspect in (part, "both")}
        alignment = align(good, {part: good.numbers(f"semantic.{part}_raw", REMEDY), **rivals}, human, options)
        grids[part] = mean_grid(alignment, f"agreement with humans on {part}")
        grids[f"{part}_pairs"] = pairs_grid(alignment, f"agreement on {part} by pair of models")
        used[f"pairs for {part}"] = len(alignment.pairs)
        left_out |= {f"for {part}, {what}": count for what, count in alignment.pairs.left_out.items()}
        notes += tie_notes(alignment.ties, options)
    judged = [part for part in rated if part in REGION]
    if judged:
        grids["region"], counts = _region(good, judged, options)
        used |= counts
    return Result("components", grids, used, left_out, tuple(notes))


def _region(table: ScoreTable, parts: list[str], options: Options) -> tuple[Grid, dict[str, int]]:
    """Parts by model, the share of rows on which humans agree, and the mean over the models."""
    groups = list(grouped(table, options).values())
    group = np.full(len(table), -1, dtype=np.intp)
    for index, rows in enumerate(groups):
        group[rows] = index
    agreed = np.stack([_agreed(table, part, options) for part in parts])
    known = ~np.isnan(agreed) & (group >= 0)
    names = np.array(table.labels(options.model) if options.model in table else [ANY] * len(table))
    models = list(dict.fromkeys(names[known.any(axis=0)]))
    model = np.array([models.index(name) if name in models else 0 for name in names], dtype=np.intp)

    def by_model(values: Numbers) -> Numbers:
        each = [
            tally(one[where], group[where], model[where], len(groups), len(models))
            for one, where in zip(values, known, strict=True)
        ]
        return np.stack(each, axis=1)

    counts = by_model(np.ones(agreed.shape))
    shares = Resampling(len(groups), options.resamples, options.seed).shares(by_model(agreed), counts)
    mean = shares.mean()
    stacked = Sampled(
        np.concatenate([shares.value, mean.value[:, None]], axis=1),
        np.concatenate([shares.draws, mean.draws[:, :, None]], axis=2),
    )
    per_model = counts.sum(axis=0)
    tallied = np.concatenate([per_model, per_model.sum(axis=1, keepdims=True)], axis=1)
    title = "agreement with humans on size and position by model"
    used = {f"rows for {part}": int(count) for part, count in zip(parts, known.sum(axis=1), strict=True)}
    return Grid.of(title, parts, [*models, "mean"], stacked, tallied), used


def _agreed(table: ScoreTable, part: str, options: Options) -> Numbers:
    """float64[rows], 1 where judge and humans say the same, 0.5 where the judge says half; NaN: one is silent."""
    human = table.numbers(options.ratings[part], "")
    above = options.satisfied
    if above is None:
        known = human[~np.isnan(human)]
        ends = (float(known.min()), float(known.max()))
        fits = [middle for (low, high), middle in MIDDLES.items() if low <= ends[0] and ends[1] <= high]
        if not fits:
            raise InputError(
                f"{table.name} has ratings from {ends[0]:g} to {ends[1]:g} in {options.ratings[part]}; "
                "say above which one all is as asked with --satisfied"
            )
        above = fits[0]
    said = np.where(np.isnan(human), np.nan, human > above)
    return 1.0 - np.abs(said - table.numbers(f"region.{part}", REMEDY))
