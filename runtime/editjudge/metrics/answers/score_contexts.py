"""The scores of edits of one original, with other metrics beside them, by what there is time for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from editjudge.metrics.base import Metric, MetricResult
from editjudge.metrics.context import EditContext, observe_all
from editjudge.metrics.flags import FLAGS
from editjudge.metrics.registry import EditScore, ScoringMetric
from editjudge.types import Placement
from editjudge.utils.deadlines.budget import Budget
from editjudge.utils.deadlines.deadline import OutOfTimeError, check_time
from editjudge.utils.timing import StageTimer

Placements = Callable[[], dict[str, Placement]]
"""What each model runs on by now, by role."""


@dataclass(frozen=True)
class Judging:
    """By what edits are scored.

    Attributes:
        metric: Scores them.
        others: Metrics to measure as well.
        placements: Asked once the models have run.
    """

    metric: ScoringMetric
    others: Sequence[Metric]
    placements: Placements


def score_contexts(
    contexts: Sequence[EditContext], judging: Judging, timer: StageTimer, budget: Budget | None = None
) -> list[EditScore]:
    """The scores of edits of one original, whose pictures go through the models together.

    Args:
        contexts: At least one; all of one task.
        judging: By what they are scored.
        timer: Was started with the first of the work; each score has its share of the time, without the other metrics.
        budget: Is in force; None: there is none.
    """
    begun = time.monotonic()
    observe_all(contexts, timer)
    with timer.stage("judge"):
        for context in contexts:
            context.timely_differences  # noqa: B018  (made while models may run)
    ended = time.monotonic()
    scores = judge_contexts(contexts, judging, timer)
    if budget is not None:
        budget.spend(begun, ended)
    return [add_metrics(score, context, judging.others) for score, context in zip(scores, contexts, strict=True)]


def judge_contexts(contexts: Sequence[EditContext], judging: Judging, timer: StageTimer) -> list[EditScore]:
    """As `score_contexts`, of edits that were observed, and without the other metrics."""
    scores = []
    for context in contexts:
        with timer.stage("judge"):
            score = judging.metric.score(context)
        context.results[judging.metric.spec.name], context.score = score.as_result(), score
        scores.append(score)
    timings = timer.read(len(scores))
    models = judging.placements()
    return [replace(score, timings_ms=timings, models=models) for score in scores]


def add_metrics(score: EditScore, context: EditContext, others: Sequence[Metric]) -> EditScore:
    """The score with what other metrics say of the edit, as far as there is time to ask them."""
    if not others:
        return score
    measured = {other.spec.name: _measure(context, other) for other in others}
    left_out = [name for name in measured if name not in context.results]
    flags = tuple(_join_flags(score, measured, left_out))
    return replace(score, flags=flags, metrics=measured, left_out=(*score.left_out, *left_out))


def _measure(context: EditContext, other: Metric) -> MetricResult:
    """What a metric says of an edit; nothing where there is no time to ask it."""
    try:
        if other.spec.name not in context.results:
            check_time()
        return context.result(other)
    except OutOfTimeError:
        return MetricResult(None, flags=("out_of_time",))


def _join_flags(score: EditScore, measured: Mapping[str, MetricResult], left_out: Sequence[str]) -> Iterator[str]:
    """The score's flags, with what a metric says of the edit itself, and not of its own number only."""
    raised = set(score.flags) | ({"out_of_time"} if left_out else set())
    if any("contrary" in result.flags for result in measured.values()):
        raised.add("contrary")
    return (name for name in FLAGS if name in raised)
