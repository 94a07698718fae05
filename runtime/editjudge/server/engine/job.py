"""A request on its way: what of it is still to be done, what was found, and who waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from editjudge.ranking import RankedCandidate, best_first
from editjudge.server.engine.prepared_cache import PreparedKey
from editjudge.server.engine.request import Answer, ScoringRequest


@dataclass(frozen=True, eq=False)
class JobPiece:
    """What one thread takes of a job at a time. indices: of the edited pictures that it is to look at."""

    job: Job
    indices: range

    @property
    def is_first(self) -> bool:
        """Whether the work on the job begins with it."""
        return not self.indices.start


class Job:
    """A request that was taken. May be shared by threads.

    Its future is pending until it is answered, also while it is worked on: so it can be cancelled at any time.

    Args:
        request: With as many edited pictures as its kind takes.
        seconds: How long it may wait and be worked on.
        note_wait: Told, once the work on it begins, how many seconds it waited; None: nobody is.
    """

    def __init__(
        self, request: ScoringRequest, seconds: float, note_wait: Callable[[float], None] | None = None
    ) -> None:
        self.request = request
        self.note_wait = note_wait
        self.future: Future[Answer] = Future()
        self.taken = time.monotonic()
        self._seconds = seconds
        self._handed_out = 0
        self._found: dict[int, RankedCandidate] = {}
        self._lock = threading.Lock()

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for it any more: it is answered, has failed, or was cancelled."""
        return self.future.done()

    @property
    def is_overdue(self) -> bool:
        """Whether its time is up."""
        return time.monotonic() > self.taken + self._seconds

    @property
    def is_whole(self) -> bool:
        """Whether one thread has to do all of it: with a budget of time, or where candidates are left out by what the
        others have, its pictures depend on each other.
        """
        request = self.request
        chooses = request.kind == "rank" and request.best is not None
        return chooses or request.kind == "differences" or request.budget_ms is not None

    @cached_property
    def key(self) -> PreparedKey:
        """What its original is made ready by. It takes a moment, as the whole file is gone through."""
        return PreparedKey.of(self.request)

    @property
    def left(self) -> int:
        """How many of its edited pictures no thread has taken yet."""
        return len(self.request.edited) - self._handed_out

    def goes_with(self, other: Job) -> bool:
        """Whether both can be worked on together, as what was asked of the original is the same."""
        mine, others = self.request, other.request
        return (
            not (self.is_whole or other.is_whole)
            and (mine.instruction, mine.metrics, mine.compat) == (others.instruction, others.metrics, others.compat)
            and mine.original == others.original
        )

    def take(self, most: int) -> JobPiece:
        """The next of its edited pictures, so many at most; all of them where it is whole. For one thread at a time."""
        start = self._handed_out
        self._handed_out = len(self.request.edited) if self.is_whole else min(start + most, len(self.request.edited))
        return JobPiece(self, range(start, self._handed_out))

    def add(self, candidate: RankedCandidate) -> None:
        """What was found of an edited picture, once for each; with the last one the request is answered."""
        if candidate.score is not None and not self.request.keeps_evidence:
            candidate = RankedCandidate(candidate.index, candidate.score.without_evidence())
        with self._lock:
            self._found[candidate.index] = candidate
            is_all = len(self._found) == len(self.request.edited)
        if is_all:
            found = [self._found[index] for index in range(len(self._found))]
            self.answer(tuple(best_first(found) if self.request.kind == "rank" else found))

    def answer(self, answer: Answer) -> None:
        """Tells who waits, if anybody still does."""
        with suppress(InvalidStateError):
            self.future.set_result(answer)

    def fail(self, error: BaseException) -> None:
        """Tells who waits, if anybody still does, that there is no answer."""
        with suppress(InvalidStateError):
            self.future.set_exception(error)
