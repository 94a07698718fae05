"""What could not be judged, in words: an experiment says it, and never puts a number in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from editjudge.evaluation.metric_columns import MetricColumn
from editjudge.evaluation.score_table import ScoreTable


def unjudged_notes(what: str, meaning: str, counts: Mapping[str, int], total: int) -> tuple[str, ...]:
    """How many of `total` things each metric did not judge, and what that means; nothing where all judged all."""
    found = ", ".join(f"{name} ({count} of {total})" for name, count in counts.items() if count)
    return (f"{what} that could not be judged, {meaning}: {found}",) if found else ()


def unjudged_pairs(counts: Mapping[str, int], total: int) -> tuple[str, ...]:
    """How many of `total` pairs each metric did not judge; one that judged none has no figure, not even a 0."""
    silent = [name for name, count in counts.items() if count == total]
    some = {name: count for name, count in counts.items() if count < total}
    notes = unjudged_notes("pairs", "counted as wrong", some, total)
    return (
        *([f"left out, as none of the {total} pairs could be judged: {', '.join(silent)}"] if silent else []),
        *notes,
    )


def row_notes(table: ScoreTable, metrics: Sequence[MetricColumn]) -> tuple[str, ...]:
    """How many rows have no number, by metric."""
    counts = {metric.name: int(np.count_nonzero(np.isnan(metric.read(table)))) for metric in metrics}
    found = ", ".join(f"{name} ({count} of {len(table)})" for name, count in counts.items() if count)
    return (f"rows without a number: {found}",) if found else ()
