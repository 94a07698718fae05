"""Candidates of one edit: an original and an instruction ready for them, their scores, and their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from editjudge.errors import InputError, quote_value
from editjudge.image.decode import ImageSource, start_decoding
from editjudge.image.decoding.read import LoadedPicture
from editjudge.image.decoding.sources import convert_stranger_errors, is_file_object
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.base import Metric, MetricResult
from editjudge.metrics.context import EditContext, new_context, observe_all
from editjudge.metrics.flags import FLAGS
from editjudge.metrics.pipeline import OriginalFeatures
from editjudge.metrics.registry import EditScore, ScoringMetric
from editjudge.metrics.task import EditTask
from editjudge.models.model_set import ModelSet
from editjudge.types import CHANGE_KINDS, Placement
from editjudge.utils.arguments import SEVERAL
from editjudge.utils.oom import convert_memory_errors, lacks_memory
from editjudge.utils.timing import StageTimer

BATCH = 4  # candidates that go through the models together; more would not fit small GPUs

BATCH_AXES = 4  # of an array of several pictures

Placements = Callable[[], dict[str, Placement]]
"""What each model runs on by now, by role."""


@dataclass(frozen=True)
class RankedCandidate:
    """A candidate: its index in the order it was given, and its score, or why it has none in one sentence."""

    index: int
    score: EditScore | None
    error: str | None = None


class Prepared:
    """An original and an instruction, ready for edited pictures. May be shared by threads."""

    def __init__(
        self,
        task: EditTask,
        known: Sequence[OriginalFeatures],
        models: ModelSet,
        *,
        metric: ScoringMetric,
        others: Sequence[Metric],
        placements: Placements,
    ) -> None:
        self.intent = task.intent
        self._task = task
        self._known = known
        self._models = models
        self._metric = metric
        self._others = others
        self._placements = placements

    def score(self, edited: ImageSource) -> EditScore:
        """As `Scorer.score`, in less time: only the edited picture goes through the models."""
        timer = StageTimer()
        with self._models.in_use(), convert_memory_errors():
            return self._scores([self._align(start_decoding([edited])[0].result())], timer)[0]

    def rank(self, edited: Iterable[ImageSource]) -> list[RankedCandidate]:
        """Scores candidates and puts the best first, of equals the first given.

        A candidate that cannot be read comes last, with its error, and does not keep the others from being ranked.
        Raises InputError when there is none. Each score keeps its evidence, some megabytes: of thousands of candidates,
        use `scores`.
        """
        return best_first(self.scores(edited))

    def scores(self, edited: Iterable[ImageSource]) -> Iterator[RankedCandidate]:
        """Scores candidates in the order in which they arrive, and hands each out once its batch is scored.

        A batch is asked for when those before it have been taken, so that however many there are, few are in memory.
        Errors are as in `rank`. What the candidates themselves raise goes through, and the next call works as ever.
        """
        return self._score_all(iter(_check_candidates(edited)))

    def _score_all(self, arriving: Iterator[ImageSource]) -> Iterator[RankedCandidate]:
        index = 0
        while batch := list(islice(arriving, BATCH)):
            with self._models.in_use(), convert_memory_errors():
                scored = self._score_batch(index, batch)
            yield from scored
            index += len(batch)
        if not index:
            raise InputError("there are no candidates to rank; hand in at least one edited picture")

    def _score_batch(self, start: int, sources: Sequence[ImageSource]) -> list[RankedCandidate]:
        timer = StageTimer()
        ranked: list[RankedCandidate] = []
        readable: list[tuple[int, AlignedImage]] = []
        for index, decoded in enumerate(start_decoding(sources), start):
            try:
                readable.append((index, self._align(decoded.result())))
            except InputError as error:
                if lacks_memory(error):  # which says nothing of the candidate
                    raise
                ranked.append(RankedCandidate(index, None, str(error)))
        if readable:
            indices, aligned = zip(*readable, strict=True)
            ranked += map(RankedCandidate, indices, self._scores(aligned, timer))
        return sorted(ranked, key=lambda one: one.index)

    def _align(self, edited: LoadedPicture) -> AlignedImage:
        return self._task.align(edited.pixels, edited.profile_converted)

    def _scores(self, aligned: Sequence[AlignedImage], timer: StageTimer) -> list[EditScore]:
        contexts = [new_context(self._task, picture, self._models, self._known) for picture in aligned]
        return score_contexts(contexts, self._metric, self._others, timer, self._placements)


def _check_candidates(edited: Iterable[ImageSource]) -> Iterable[ImageSource]:
    """The candidates. Raises InputError for a single picture, which might be gone through too, and for none."""
    with convert_stranger_errors(edited):
        is_picture = is_file_object(edited) or (isinstance(edited, np.ndarray) and edited.ndim < BATCH_AXES)
        if is_picture or isinstance(edited, str | bytes | bytearray | memoryview | Mapping):
            raise InputError(f"edited is {quote_value(edited)}; give a list of pictures, or a single one to score()")
        SEVERAL.check(edited=edited)
    return edited


def score_contexts(
    contexts: Sequence[EditContext],
    metric: ScoringMetric,
    others: Sequence[Metric],
    timer: StageTimer,
    placements: Placements,
) -> list[EditScore]:
    """The scores of edits of one original, whose pictures go through the models together.

    Args:
        contexts: At least one; all of one task.
        metric: Scores them.
        others: Metrics to measure as well.
        timer: Was started with the first of the work; each score has its share of the time, without the other metrics.
        placements: Asked once the models have run.
    """
    observe_all(contexts, timer)
    scores = []
    for context in contexts:
        with timer.stage("judge"):
            score = metric.score(context)
        context.results[metric.spec.name], context.score = score.as_result(), score
        scores.append(score)
    timings = timer.read(len(scores))
    results = [{other.spec.name: context.result(other) for other in others} for context in contexts]
    models = placements()
    return [
        replace(score, flags=_join_flags(score, measured), metrics=measured, timings_ms=timings, models=models)
        for score, measured in zip(scores, results, strict=True)
    ]


def _join_flags(score: EditScore, measured: Mapping[str, MetricResult]) -> tuple[str, ...]:
    """The score's flags, with what a metric says of the edit itself, and not of its own number only."""
    says_contrary = any("contrary" in result.flags for result in measured.values())
    return tuple(name for name in FLAGS if name in score.flags or (says_contrary and name == "contrary"))


def best_first(ranked: Iterable[RankedCandidate]) -> list[RankedCandidate]:
    """The best first, of equals the first given.

    What has a number comes first, then what could not be judged. Where numbers do not decide, what the pictures show
    does: an edit stands before an unchanged picture, noise and another picture, and of two edits the one that changed
    less of the picture. Candidates without a score come last.
    """
    return sorted(ranked, key=_place)


def _place(ranked: RankedCandidate) -> tuple[float, ...]:
    score = ranked.score
    if score is None:
        return 2, ranked.index
    known = (1, 0.0) if score.value is None else (0, -score.value)
    return *known, CHANGE_KINDS.index(score.kind), score.changed_share, ranked.index
