"""Candidates of one edit: an original and an instruction ready for them, their scores, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from editjudge.errors import InputError, quote_value
from editjudge.image.decode import ImageSource, start_decoding
from editjudge.image.decoding.read import LoadedPicture
from editjudge.image.decoding.sources import convert_stranger_errors, is_file_object
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.answers.best import Prospect, ProspectBatch, choose_best, place
from editjudge.metrics.answers.score_contexts import Judging, score_contexts
from editjudge.metrics.context import EditContext, new_context
from editjudge.metrics.looking.found import OriginalFeatures
from editjudge.metrics.registry import EditScore
from editjudge.metrics.task import EditTask
from editjudge.models.model_set import ModelSet
from editjudge.utils.arguments import SEVERAL, whole_number
from editjudge.utils.deadlines.budget import Budget, Reserve, check_budget
from editjudge.utils.oom import convert_memory_errors, lacks_memory
from editjudge.utils.timing import StageTimer

BATCH = 4  # candidates that go through the models together; more would not fit small GPUs

BATCH_AXES = 4  # of an array of several pictures

BEST = whole_number(1, 1_000_000).or_none("all")


@dataclass(frozen=True)
class RankedCandidate:
    """A candidate of a ranking.

    Attributes:
        index: In the order in which it was given.
        score: None: it has none.
        error: Why it cannot be read, in one sentence.
        bound: Of one that was not looked at to the end, the most that its score's value can be; None: it can be no
            number, or nothing is known.
        left_out: Why it was not, in a clause.
    """

    index: int
    score: EditScore | None
    error: str | None = None
    bound: float | None = None
    left_out: str | None = None


class Prepared:
    """An original and an instruction, ready for edited pictures. May be shared by threads."""

    def __init__(
        self,
        task: EditTask,
        known: Sequence[OriginalFeatures],
        models: ModelSet,
        *,
        judging: Judging,
        reserve: Reserve | None = None,
    ) -> None:
        self.intent = task.intent
        self._task = task
        self._known = known
        self._models = models
        self._judging = judging
        self._reserve = reserve or Reserve()

    def score(self, edited: ImageSource, *, budget_ms: float | None = None) -> EditScore:
        """As `Scorer.score`, in less time: only the edited picture goes through the models."""
        timer, budget = StageTimer(), Budget(check_budget(budget_ms), self._reserve)
        with self._models.in_use(), convert_memory_errors():
            aligned = self._align(start_decoding([edited])[0].result())
            with budget.in_force():
                return self._scores([aligned], timer, budget)[0]

    def rank(
        self, edited: Iterable[ImageSource], *, best: int | None = None, budget_ms: float | None = None
    ) -> list[RankedCandidate]:
        """Scores candidates and puts the best first, of equals the first given.

        A candidate that cannot be read comes last, with its error, and does not keep the others from being ranked.
        Each score keeps its evidence, some megabytes: of thousands of candidates, use `scores`.

        Args:
            edited: The candidates.
            best: How many of the best are wanted: these are first, as among all. Candidates that cannot be among them,
                whatever the models would still say, are not looked at to the end, and have a `bound` in the place of a
                score, by which they are ordered. Until it is known which those are, the pictures of all are kept, some
                megabytes each. None: all.
            budget_ms: The milliseconds that it may take, as in `scores`; not together with `best`.

        Raises InputError when there is none.
        """
        check_speed(best, budget_ms)
        if best is None:
            return best_first(self.scores(edited, budget_ms=budget_ms))
        return self._rank_best(iter(_check_candidates(edited)), int(best))

    def scores(self, edited: Iterable[ImageSource], *, budget_ms: float | None = None) -> Iterator[RankedCandidate]:
        """Scores candidates in the order in which they arrive, and hands each out once its batch is scored.

        A batch is asked for when those before it have been taken, so that however many there are, few are in memory.
        Errors are as in `rank`. What the candidates themselves raise goes through, and the next call works as ever.

        budget_ms: the milliseconds that all may take together, from when the first is asked for. They go one by one
        then; that at which time is up has what was measured by then, and those after it are not looked at.
        """
        milliseconds = check_budget(budget_ms)
        arriving = iter(_check_candidates(edited))
        return self._score_all(arriving) if milliseconds is None else self._score_in_time(arriving, milliseconds)

    def _score_all(self, arriving: Iterator[ImageSource]) -> Iterator[RankedCandidate]:
        for index, batch in _number_batches(arriving, BATCH):
            with self._models.in_use(), convert_memory_errors():
                timer = StageTimer()
                ranked, readable = self._open(index, batch)
                if readable:
                    indices, aligned = zip(*readable, strict=True)
                    ranked += map(RankedCandidate, indices, self._scores(aligned, timer))
            yield from sorted(ranked, key=lambda one: one.index)

    def _score_in_time(self, arriving: Iterator[ImageSource], milliseconds: float) -> Iterator[RankedCandidate]:
        budget = Budget(milliseconds, self._reserve)
        for index, batch in _number_batches(arriving, 1):
            if budget.is_over and index:
                yield RankedCandidate(index, None, left_out="the time that was allowed was up before")
                continue
            with self._models.in_use(), convert_memory_errors():
                timer = StageTimer()
                ranked, readable = self._open(index, batch)
                for _, aligned in readable:
                    with budget.in_force():
                        ranked.append(RankedCandidate(index, self._scores([aligned], timer, budget)[0]))
            yield from ranked

    def _rank_best(self, arriving: Iterator[ImageSource], best: int) -> list[RankedCandidate]:
        """The best candidates as among all, before those that cannot be among them."""
        unread: list[RankedCandidate] = []
        prospects: list[Prospect] = []
        for index, batch in _number_batches(arriving, BATCH):
            with self._models.in_use(), convert_memory_errors():
                timer = StageTimer()
                lost, readable = self._open(index, batch)
                unread += lost
                if readable:
                    indices, aligned = zip(*readable, strict=True)
                    contexts = [self._open_context(one) for one in aligned]
                    prospects += ProspectBatch(indices, contexts, self._judging, timer).prospects
        with self._models.in_use(), convert_memory_errors():
            ranked = [
                RankedCandidate(one.index, one.score, bound=one.bound, left_out=one.left_out)
                for one in choose_best(prospects, best)
            ]
        return [*ranked, *unread]

    def _open(
        self, start: int, sources: Sequence[ImageSource]
    ) -> tuple[list[RankedCandidate], list[tuple[int, AlignedImage]]]:
        """The candidates that cannot be read, and the others in the frame, each with its index."""
        ranked: list[RankedCandidate] = []
        readable: list[tuple[int, AlignedImage]] = []
        for index, decoded in enumerate(start_decoding(sources), start):
            try:
                readable.append((index, self._align(decoded.result())))
            except InputError as error:
                if lacks_memory(error):  # which says nothing of the candidate
                    raise
                ranked.append(RankedCandidate(index, None, str(error)))
        return ranked, readable

    def _align(self, edited: LoadedPicture) -> AlignedImage:
        return self._task.align_picture(edited)

    def _open_context(self, aligned: AlignedImage) -> EditContext:
        return new_context(self._task, aligned, self._models, self._known)

    def _scores(
        self, aligned: Sequence[AlignedImage], timer: StageTimer, budget: Budget | None = None
    ) -> list[EditScore]:
        return score_contexts(list(map(self._open_context, aligned)), self._judging, timer, budget)


def check_speed(best: int | None, budget_ms: float | None) -> None:
    """Raises InputError for what cannot be the `best` and `budget_ms` of a ranking."""
    check_budget(budget_ms)
    BEST.check(best=best)
    if best is not None and budget_ms is not None:
        raise InputError("best and budget_ms (--best, --budget-ms) are both given; choose one of them")


def _number_batches(arriving: Iterator[ImageSource], size: int) -> Iterator[tuple[int, list[ImageSource]]]:
    """Candidates in batches, each with the index of its first. Raises InputError where there is none."""
    index = 0
    while batch := list(islice(arriving, size)):
        yield index, batch
        index += len(batch)
    if not index:
        raise InputError("there are no candidates to rank; hand in at least one edited picture")


def _check_candidates(edited: Iterable[ImageSource]) -> Iterable[ImageSource]:
    """The candidates. Raises InputError for a single picture, which might be gone through too, and for none."""
    with convert_stranger_errors(edited):
        is_picture = is_file_object(edited) or (isinstance(edited, np.ndarray) and edited.ndim < BATCH_AXES)
        if is_picture or isinstance(edited, str | bytes | bytearray | memoryview | Mapping):
            raise InputError(f"edited is {quote_value(edited)}; give a list of pictures, or a single one to score()")
        SEVERAL.check(edited=edited)
    return edited


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
    return place(score.value, score.kind, score.changed_share, ranked.index)
