"""Does CLIP tell the quality of an edit better once it looks only where the differences say?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.common.reporting import Figure, progress
from benchmarks.differences.cases import state_request
from editjudge import Scorer
from editjudge.evaluation.statistics.bootstrap import Resampling, Statistic
from editjudge.evaluation.statistics.rank_correlation import pearson
from editjudge.types import Doubles
from studio.edits.candidates import TIERS
from studio.edits.edit_set import edit_set

SEED = 2505
RESAMPLES = 2000
MASKED = {"clip_i": "dice_clip_i", "clip_t": "dice_clip_t"}
"""By the plain metric, DICE's."""


@dataclass(frozen=True, eq=False)
class MaskedEdits:
    """N edits, float64[N] each: what a metric says of them, and DICE's form of it; their quality; of which input."""

    plain: Doubles
    masked: Doubles
    quality: Doubles
    group: Doubles


def measure_clip(scorer: Scorer, count: int) -> list[Figure]:
    """Pearson's correlation with the known quality of all candidates of `count` held-out edits."""
    rows: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in MASKED}
    for index, edit in enumerate(progress(edit_set(SEED, count), count, "CLIP")):
        request = state_request(edit.instruction, edit.intent)
        assert request is not None
        prepared = scorer.prepare(edit.original, request, metrics=(*MASKED, *MASKED.values()))
        ranked = prepared.scores(edit.candidates.values())
        for quality, candidate in zip(edit.candidates, ranked, strict=True):
            if candidate.score is None:
                continue
            values = {name: result.value for name, result in candidate.score.metrics.items()}
            for name, other in MASKED.items():
                plain, masked = values[name], values[other]
                if plain is not None and masked is not None:
                    rows[name].append((plain, masked, TIERS[quality], index))
    return [
        figure for name, measured in rows.items() for figure in summarise_clip(name, MaskedEdits(*np.array(measured).T))
    ]


def summarise_clip(name: str, edits: MaskedEdits) -> Sequence[Figure]:
    """Both correlations with their intervals, and by how much DICE's is greater; edits of one input stay together."""
    plain, masked = (correlate(edits, values) for values in (edits.plain, edits.masked))
    (low,), (high,) = (ends.ravel() for ends in (masked - plain).interval())
    title, count = name.replace("_", "-").upper(), len(edits.quality)
    return [
        Figure(name, f"{title} of {count} edits: Pearson, {_state(plain)}", float(plain.value)),
        Figure(MASKED[name], f"DICE-{title}: Pearson, {_state(masked)}", float(masked.value)),
        Figure(
            f"{name}_rise", f"DICE-{title}: least rise, of {low:.3f} to {high:.3f}",
            float(low), 0.0,
        ),
    ]  # fmt: skip


def correlate(edits: MaskedEdits, values: Doubles) -> Statistic:
    """Pearson's r with the quality."""
    _, group = np.unique(edits.group, return_inverse=True)

    def compute(weights: Doubles) -> Doubles:
        return pearson(values, edits.quality, weights[:, group])

    groups = int(group.max()) + 1
    return Resampling(groups, RESAMPLES, SEED).repeat(compute(np.ones((1, groups)))[0], compute)


def _state(correlation: Statistic) -> str:
    low, high = (float(end) for end in correlation.interval())
    return f"95 % {low:.3f} to {high:.3f}"
