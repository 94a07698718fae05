"""Human alignment (tables 1 and 2): does a metric order the edits of two models as humans do?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from editjudge.protocols.alignment import Alignment, align
from editjudge.protocols.bootstrap import Sampled, lead
from editjudge.protocols.measures import Measure
from editjudge.protocols.options import Options
from editjudge.protocols.reliability import reliability
from editjudge.protocols.rescore import rescored
from editjudge.protocols.result import Grid, Result
from editjudge.protocols.score_table import ScoreTable

RATINGS = "add the ratings of humans, or name their column with --human"


def human_alignment(table: ScoreTable, measures: Sequence[Measure], options: Options) -> Result:
    """The share of agreement by pair of models, its mean over them, and by how far the first metric is ahead."""
    good = rescored(table.scored(), options)
    scores = {each.name: each.read(good) for each in measures}
    alignment = align(good, scores, good.numbers(options.human, RATINGS), options)
    return Result(
        "human-alignment",
        {"mean": mean_grid(alignment), "pairs": pairs_grid(alignment), **reliability(good, alignment, scores, options)},
        used={"rows": len(good), "groups": alignment.pairs.groups, "pairs": len(alignment.pairs)},
        left_out={"rows with an error": len(table) - len(good), **alignment.pairs.left_out},
        notes=tie_notes(alignment.ties, options),
    )


def mean_grid(alignment: Alignment, title: str = "agreement with humans") -> Grid:
    """Metrics by mean over the pairs of models, share of all pairs, and how far the first metric is ahead."""
    ahead = lead(alignment.mean)
    stacked = Sampled(
        np.stack([alignment.mean.value, alignment.pooled.value, ahead.value], axis=1),
        np.stack([alignment.mean.draws, alignment.pooled.draws, ahead.draws], axis=2),
    )
    columns = ("mean over models", "all pairs", f"{alignment.names[0]} ahead by")
    return Grid.of(title, alignment.names, columns, stacked, np.array(len(alignment.pairs)))


def pairs_grid(alignment: Alignment, title: str = "agreement by pair of models") -> Grid:
    """Pairs of models by metric."""
    shares = Sampled(alignment.shares.value.T, alignment.shares.draws.swapaxes(1, 2))
    return Grid.of(title, alignment.pairs.labels, alignment.names, shares, alignment.counts[:, None])


def tie_notes(ties: Mapping[str, int], options: Options) -> tuple[str, ...]:
    """Which metrics tied pairs that humans do not, and what that counted."""
    tied = ", ".join(f"{name} ({count})" for name, count in ties.items() if count)
    meaning = {"wrong": "as wrong", "half": "as half right", "formula": "as a preference of the second"}[options.ties]
    return (f"pairs that a metric ties, counted {meaning}: {tied}",) if tied else ()
