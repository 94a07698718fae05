"""The weight of the semantic score (table 9): agreement with humans for alpha from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from editjudge.overall import ALPHA
from editjudge.protocols.alignment import align
from editjudge.protocols.bootstrap import Sampled
from editjudge.protocols.human_alignment import RATINGS, tie_notes
from editjudge.protocols.measures import BPM, Measure
from editjudge.protocols.options import Options
from editjudge.protocols.rescore import rescored, with_alpha
from editjudge.protocols.result import Grid, Result
from editjudge.protocols.score_table import ScoreTable

ALPHAS = tuple(step / 10 for step in range(11))


def alpha_sweep(table: ScoreTable, measures: Sequence[Measure], options: Options) -> Result:
    """The agreement by alpha, and its difference from that at the usual alpha; other metrics for comparison.

    Global edits have no region score; they are the same for every alpha.
    """
    good = rescored(table.scored(), replace(options, alpha=None))
    others = {each.name: each.read(good) for each in measures if each != BPM}
    sweep = {f"{alpha:.1f}": np.array(with_alpha(good, alpha)) for alpha in ALPHAS}
    alignment = align(good, {**sweep, **others}, good.numbers(options.human, RATINGS), options)
    mean = alignment.mean
    place = list(sweep).index(f"{ALPHA:.1f}")
    stacked = Sampled(
        np.stack([mean.value, alignment.pooled.value, mean.value - mean.value[place]], axis=1),
        np.stack([mean.draws, alignment.pooled.draws, mean.draws - mean.draws[:, place, None]], axis=2),
    )
    columns = ("mean over models", "all pairs", f"against {ALPHA:g}")
    every = Grid.of("agreement with humans", alignment.names, columns, stacked, np.array(len(alignment.pairs)))
    count = len(ALPHAS)
    grids = {"alpha": replace(every, title="agreement by alpha", rows=every.rows[:count], cells=every.cells[:count])}
    if others:
        grids["others"] = replace(every, title="other metrics", rows=every.rows[count:], cells=every.cells[count:])
    best = int(np.argmax(mean.value[:count]))
    return Result(
        "alpha-sweep",
        grids,
        used={"rows": len(good), "groups": alignment.pairs.groups, "pairs": len(alignment.pairs)},
        left_out={"rows with an error": len(table) - len(good), **alignment.pairs.left_out},
        notes=(f"best at alpha = {ALPHAS[best]:g}", *tie_notes(alignment.ties, options)),
    )
