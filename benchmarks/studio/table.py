"""A table of scores of rendered candidates, with all that is known of them: what `editjudge evaluate` reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from editjudge import EditIntent, Scorer
from editjudge.batch.score_columns import SCORE, metric_column, score_values
from editjudge.batch.table_writers import merge_row
from editjudge.metrics.context import EditContext
from editjudge.metrics.looking.framing import Framing
from editjudge.metrics.registry import DEFAULT, Compat, select_metrics
from editjudge.metrics.task import EditTask
from studio.edits.candidates import TIERS
from studio.edits.edit_set import RenderedEdit
from studio.edits.ordering import ScoredInput

ScoreRow = dict[str, Any]
"""The values of one candidate by column."""

PRESERVED = {"well_done": 1, "misplaced": 1, "unchanged": 1, "damaged": 0, "noise": 0, "regenerated": 0}
"""Whether the rest was left alone. It is not known of the wrong edit: the rest may be what was edited. Nor of the
extremes, of which one changes the rest and one drifts as a whole, so that earlier figures stay comparable."""
MODIFIED = {"well_done": 1, "damaged": 1, "misplaced": 1, "wrong": 0, "unchanged": 0, "noise": 0}
"""Whether the edit was done. It is not known of a new picture, which shows the result without doing the edit."""
PERFECT = 200.0
"""Stands for the infinite PSNR of equal pictures, which JSON cannot hold; no two that differ come near it."""


def score_rows(edit: RenderedEdit, scored: ScoredInput) -> Iterator[ScoreRow]:
    """A row for every candidate: what it is, what is known of it, and its score; as `score-dataset` writes it."""
    for quality, score in scored.scores.items():
        known = {
            "id": f"{scored.index}-{quality}",
            "group": str(scored.index),
            "edit_type": edit.edit_type,
            "instruction": edit.instruction,
            "kind": quality,
            "model": quality,
            "human": TIERS[quality],
            "human.preserve": None if edit.intent.is_global else PRESERVED.get(quality),
            "human.modify": MODIFIED.get(quality),
            **_judge_geometry(edit, quality),
        }
        yield merge_row(known, score_values(score), SCORE)


def _judge_geometry(edit: RenderedEdit, quality: str) -> ScoreRow:
    """Whether the edited object has the right size and place, 1 or 0; None where S_region does not look at it."""
    judged: ScoreRow = {"human.size": None, "human.position": None}
    request = edit.edit
    if quality not in ("well_done", "damaged", "misplaced") or request.target is None:
        return judged
    wanted = request.edited.items[request.target]
    actual = edit.scenes[quality].items[request.target] if quality == "misplaced" else wanted
    if request.source is not None:
        judged["human.size"] = int(actual.size == wanted.size)
    if request.source is not None or request.anchor is not None:
        judged["human.position"] = int((actual.x, actual.y) == (wanted.x, wanted.y))
    return judged


def score_by(
    compat: Compat, scorer: Scorer, edit: RenderedEdit, intent: EditIntent, qualities: Iterable[str]
) -> dict[str, float | None]:
    """By quality, the score by the rules of the paper, or of the code that its authors released."""
    prepared = scorer.prepare(edit.original, intent, compat=compat)
    return {quality: prepared.score(edit.candidates[quality]).value for quality in qualities}


def measure_baselines(scorer: Scorer, edit: RenderedEdit, qualities: Iterable[str]) -> dict[str, ScoreRow]:
    """By quality, the columns of the metrics that BPM is compared with: all that the bundle has the models for.

    The intent is known, and so is the instruction, which some of them compare the picture with.
    """
    metrics = [metric for metric in select_metrics(None, scorer.bundle, parsed=True) if metric.spec is not DEFAULT]
    frame = scorer.bundle.manifest.frame
    task = EditTask.of(edit.original, [edit.intent], Framing(), edit.instruction, longest=frame)
    columns = {}
    for quality in qualities:
        context = EditContext(task, task.align(edit.candidates[quality]), scorer.models)
        values = {metric.spec.name: context.result(metric).value for metric in metrics}
        columns[quality] = {
            metric_column(name): None if value is None else min(value, PERFECT) for name, value in values.items()
        }
    return columns
