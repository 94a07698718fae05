"""A thread for a library that ties its threads to the one that calls it, and for what takes long to load."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from editjudge.utils.calls import PROCESS
from editjudge.utils.deadlines.deadline import OutOfTimeError, check_time, leave_deadline, wait_in_time
from editjudge.utils.forks import new_lock, renew_after_fork
from editjudge.utils.pools import submit

P = ParamSpec("P")
T = TypeVar("T")


class OwnThread:
    """Runs functions one after the other, in a thread of its own. May be shared by threads.

    OpenMP keeps a team of threads for each thread that ever computed with it: with one such thread there is one team,
    it ends with it, and the first thread of a forked process, which lacks its team and does not know, is not used.
    What runs here is a call under way, whether anybody waits for it or not: a fork does.
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

        Where the caller's work has a deadline, the function has it too. It is not waited for any longer then:
        OutOfTimeError is raised, and the function comes to its end by itself.
        """
        check_time()
        return wait_in_time(self._submit(copy_context(), partial(function, *args, **kwargs)))

    def start(self, function: Callable[[], T]) -> Future[T]:
        """What the function will return or raise, which has no deadline, whatever that of the caller's work."""
        context = copy_context()
        context.run(leave_deadline)
        return self._submit(context, function)

    def _submit(self, context: Context, function: Callable[[], T]) -> Future[T]:
        end = PROCESS.add_errand()
        try:
            with self._submitting:  # which runs it, once Python has ended its pools
                running = submit(self._pool, context.run, function)
        except BaseException:
            end()
            raise
        running.add_done_callback(lambda _: end())
        return running

    def close(self) -> None:
        """Ends the thread once it has done what it was given; it is started anew when needed."""
        pool, self._pool = self._pool, ThreadPoolExecutor(1, self._name)
        pool.shutdown()


class LoadedOnce:
    """What is loaded once, by a thread of its own, when it is first asked for. May be shared by threads."""

    def __init__(self, thread: OwnThread) -> None:
        self._thread = thread
        self._starting = new_lock()
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Forgets what was loaded, or is being loaded by a thread that a forked process lacks."""
        self._loading: Future[None] | None = None

    @property
    def has_begun(self) -> bool:
        return self._loading is not None

    def get(self, load: Callable[[], None]) -> None:
        """Returns once it is loaded. What `load` raises is told once, and it is tried anew with the next call.

        Where the caller's work has a deadline, it is not waited for any longer then: OutOfTimeError is raised, and it
        is loaded to its end, as it will be needed again.
        """
        with self._starting:
            loading = self._loading = self._loading or self._thread.start(load)
        try:
            wait_in_time(loading, keeps=True)
        except OutOfTimeError:
            raise
        except BaseException:
            with self._starting:
                if self._loading is loading and loading.done():
                    self._loading = None
            raise
