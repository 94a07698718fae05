"""The calls under way: a fork, the end of the interpreter and whoever frees what they use have to wait for them."""

from __future__ import annotations

import atexit
import concurrent.futures.thread  # noqa: F401 (its hook has to be registered before ours: see `_watch_process`)
import itertools
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from editjudge.utils.forks import pause_libraries, renew_after_fork, resume_libraries

PATIENCE = 10.0
"""Seconds that a fork, or the end of the interpreter, waits at most: a call may itself wait for something."""


class Calls:
    """Counts calls by thread; those of a thread may nest. May be shared by threads."""

    def __init__(self) -> None:
        self._errands = itertools.count(1)
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Of a process that forked, the calls of other threads are not under way here."""
        me = threading.get_ident()
        own = self._under_way[me] if hasattr(self, "_under_way") else 0
        self._changed = threading.Condition()
        self._under_way: Counter[int] = Counter({me: own} if own else {})
        self._holders: set[int] = set()

    @contextmanager
    def count(self) -> Iterator[None]:
        """A call, for as long as the block lasts; it begins once nobody holds the calls of other threads."""
        me = threading.get_ident()
        self._begin(me)
        try:
            yield
        finally:
            self._end(me)

    def add_errand(self) -> Callable[[], None]:
        """Counts work that this thread hands to another one, as if it were a call of its own; what is returned is to
        be called once, by any thread, when the work has ended.
        """
        errand = -next(self._errands)  # no thread has such a number
        self._begin(errand)
        return partial(self._end, errand)

    def wait(self, seconds: float | None = None) -> None:
        """Returns once no other thread has a call under way, or after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._others(), seconds)

    def hold(self, seconds: float | None = None) -> None:
        """As `wait`, and keeps other threads from beginning a call until this one calls `release`."""
        with self._changed:
            self._holders.add(threading.get_ident())
            self._changed.notify_all()  # who holds calls is not waited for by another who does
        self.wait(seconds)

    def release(self) -> None:
        with self._changed:
            self._holders.discard(threading.get_ident())
            self._changed.notify_all()

    def _begin(self, caller: int) -> None:
        """Of a thread, or of work that this one hands on."""
        me = threading.get_ident()
        with self._changed:
            while self._holders and me not in self._holders and me not in self._under_way:
                self._changed.wait()
            self._under_way[caller] += 1

    def _end(self, caller: int) -> None:
        with self._changed:
            self._under_way[caller] -= 1
            if self._under_way[caller] <= 0:  # in a forked process, that of a thread that it lacks was none
                del self._under_way[caller]
                self._changed.notify_all()

    def _others(self) -> set[int]:
        return self._under_way.keys() - self._holders - {threading.get_ident()}


def _watch_process() -> Calls:
    """All calls of this process.

    A process that was forked while another thread is in a library's code may find that library locked for ever. An
    interpreter that ends meanwhile takes the library down under that thread, which ends in a crash.
    """
    calls = Calls()
    if hasattr(os, "register_at_fork"):  # Windows does not fork
        # What was registered last runs first: the hook of concurrent.futures keeps all threads from handing work to
        # pools until the fork is over, which calls under way have to be able to do while they are waited for.
        os.register_at_fork(before=lambda: _prepare_fork(calls), after_in_parent=lambda: _go_on(calls))
    # Threads that are not daemons have ended by then; the daemons' next calls wait for ever, as nobody awaits them.
    atexit.register(lambda: calls.hold(PATIENCE))
    return calls


def _prepare_fork(calls: Calls) -> None:
    calls.hold(PATIENCE)
    pause_libraries()


def _go_on(calls: Calls) -> None:
    resume_libraries()
    calls.release()


PROCESS = _watch_process()
