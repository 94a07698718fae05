"""Where requests wait for a thread: the oldest first, and no more of them than may."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from editjudge.server.engine.job import Job, JobPiece


class WaitingLine:
    """Jobs in the order in which they came. May be shared by threads.

    A thread takes what the models take at once: of the oldest job, and where that leaves room, of others that go with
    it. What is left of a job stands at the end again, so that a long one keeps nobody waiting for more than its turn.

    Args:
        most: How many jobs may wait.
        batch: How many edited pictures are taken at once.
        watch: Told how many jobs wait whenever that changes, with the line held.
    """

    def __init__(self, most: int, batch: int, watch: Callable[[int], None] = lambda waiting: None) -> None:
        self._most, self._batch, self._watch = most, batch, watch
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._idle = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def pictures(self) -> int:
        """How many edited pictures wait."""
        with self._changed:
            return sum(job.left for job in self._jobs)

    def add(self, job: Job) -> bool:
        """Whether there is room for the job; then it waits from now on. A thread that has nothing to do is room too."""
        with self._changed:
            if self._closed or len(self._jobs) >= self._most + self._idle:
                return False
            self._jobs.append(job)
            self._tell()
            self._changed.notify()
            return True

    def drop(self, job: Job) -> None:
        """The job waits no longer, if it still did."""
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)
                self._tell()

    def take(self) -> list[JobPiece]:
        """What a thread is to do next, of one original and with one instruction; waits until there is something.

        Empty once the line is closed.
        """
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._jobs or self._closed)
            self._idle -= 1
            if self._closed:
                return []
            first = self._jobs.popleft()
            pieces = [first.take(self._batch)]
            pieces += self._take_along(first, self._batch - len(pieces[0].indices))
            if first.left:
                self._jobs.append(first)
                self._changed.notify()
            self._tell()
            return pieces

    def close(self) -> list[Job]:
        """Sends the threads home; gives the jobs that still waited."""
        with self._changed:
            self._closed = True
            left = list(self._jobs)
            self._jobs.clear()
            self._tell()
            self._changed.notify_all()
            return left

    def _take_along(self, first: Job, room: int) -> list[JobPiece]:
        pieces = []
        for job in list(self._jobs) if room > 0 else ():
            if job.goes_with(first):
                piece = job.take(room)
                pieces.append(piece)
                room -= len(piece.indices)
                if not job.left:
                    self._jobs.remove(job)
                if not room:
                    break
        return pieces

    def _tell(self) -> None:
        self._watch(len(self._jobs))
