"""A thread for a library that ties its threads to the one that calls it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from editjudge.utils.deadlines.deadline import check_time, wait_in_time
from editjudge.utils.forks import new_lock, renew_after_fork
from editjudge.utils.pools import submit

P = ParamSpec("P")
T = TypeVar("T")


class OwnThread:
    """Runs functions one after the other, in a thread of its own. May be shared by threads.

    OpenMP keeps a team of threads for each thread that ever computed with it: with one such thread there is one team,
    it ends with it, and the first thread of a forked process, which lacks its team and does not know, is not used.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._submitting = new_lock()
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        self._pool = ThreadPoolExecutor(1, self._name)  # its thread starts with the first function

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns or raises.

        Where the caller's work has a deadline, the function has it too. What it does by then is not waited for any
        longer: OutOfTimeError is raised, and the function goes on by itself, as what it loads will be needed again.
        """
        check_time()
        context = copy_context()
        with self._submitting:  # which runs it, once Python has ended its pools
            running = submit(self._pool, context.run, partial(function, *args, **kwargs))
        return wait_in_time(running)

    def close(self) -> None:
        """Ends the thread once it has done what it was given; it is started anew when needed."""
        pool, self._pool = self._pool, ThreadPoolExecutor(1, self._name)
        pool.shutdown()
