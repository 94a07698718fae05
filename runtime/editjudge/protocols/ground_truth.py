"""The ground truth test (table 4): which of three does a metric like best, of what is known to be well edited,
excessively preserved (the original and noise) and excessively modified (painted anew from the text)?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editjudge.errors import InputError
from editjudge.protocols.bootstrap import Resampling, Sampled, lead
from editjudge.protocols.measures import Measure
from editjudge.protocols.options import Options
from editjudge.protocols.pairs import grouped
from editjudge.protocols.rescore import rescored
from editjudge.protocols.result import Grid, Result
from editjudge.protocols.score_table import ScoreTable

KIND = "it tells the well edited candidate from the others: name the column with --kind"


def ground_truth(table: ScoreTable, measures: Sequence[Measure], options: Options) -> Result:
    """The share of inputs on which each metric likes each kind best; a tie shares the input. Raises InputError."""
    good = rescored(table.scored(), options)
    triplets, incomplete = _triplets(good, options)
    scores = np.stack([each.read(good)[triplets] for each in measures], axis=1)  # [G, M, 3]
    known = ~np.isnan(scores).any(axis=(1, 2))
    scores = scores[known]
    if not len(scores):
        raise InputError(f"{good.name} has no group in which every metric scores all three kinds of candidates")
    best = scores == scores.max(axis=2, keepdims=True)
    won = best / best.sum(axis=2, keepdims=True)
    shares = Resampling(len(won), options.resamples, options.seed).shares(won, np.ones((len(won), 1, 1)))
    edited = list(options.kinds).index("edited")
    won_by = Sampled(shares.value[:, edited], shares.draws[:, :, edited])
    ahead, count = lead(won_by), np.array(len(won))
    names = [each.name for each in measures]
    tied = {name: int(count) for name, count in zip(names, (best.sum(axis=2) > 1).sum(axis=0), strict=True) if count}
    return Result(
        "ground-truth",
        {
            "liked": Grid.of("share of inputs on which it is liked best", names, list(options.kinds), shares, count),
            "ahead": Grid.of(
                "well edited liked best", names, ["share", f"{names[0]} ahead by"],
                Sampled(np.stack([won_by.value, ahead.value], 1), np.stack([won_by.draws, ahead.draws], 2)), count,
            ),
        },
        used={"rows": 3 * len(won), "groups": len(won)},
        left_out={
            "rows with an error": len(table) - len(good),
            "groups without exactly one candidate of each kind": incomplete,
            "groups that a metric has no score for": int(np.count_nonzero(~known)),
        },
        notes=(f"inputs with a tie, shared: {', '.join(f'{name} ({n})' for name, n in tied.items())}",) if tied else (),
    )  # fmt: skip


def _triplets(table: ScoreTable, options: Options) -> tuple[np.ndarray, int]:
    """int[G, 3], the rows of each input in the order of the kinds; and how many inputs lack one, or have two."""
    kind_of = {alias: kind for kind, aliases in options.kinds.items() for alias in aliases}
    kinds = [kind_of.get((text or "").lower()) for text in table.texts(options.kind, KIND)]
    found, incomplete = [], 0
    for rows in grouped(table, options).values():
        chosen = [[row for row in rows if kinds[row] == kind] for kind in options.kinds]
        if all(len(each) == 1 for each in chosen):
            found.append([each[0] for each in chosen])
        else:
            incomplete += 1
    if not found:
        expected = "; ".join(f"{kind}: {', '.join(aliases)}" for kind, aliases in options.kinds.items())
        raise InputError(
            f"{table.name} has no group with exactly one candidate of each kind in {options.kind} ({expected}); "
            "name the column with --kind, or its values with --kinds"
        )
    return np.array(found, dtype=np.intp), incomplete
