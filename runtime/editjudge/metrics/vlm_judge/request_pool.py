"""So many questions at once and no more, whoever asks them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, wait
from functools import partial
from typing import TypeVar

from editjudge.errors import InputError
from editjudge.utils.forks import renew_after_fork
from editjudge.utils.pools import DaemonPool, give_up

T = TypeVar("T")
CLOSED = "the judge was closed while it was asked; open it again"


class RequestPool:
    """Runs what it is given at most `requests` at a time. May be shared by threads, and by judges of one model."""

    def __init__(self, requests: int) -> None:
        self._requests = requests
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        self._closed = threading.Event()
        self._pool = DaemonPool(self._requests, "editjudge-judge")

    def run(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """What each call returns, in their order. Where one raises, those that have not begun are left out, those that
        have are waited for, and the first error in their order is raised. Who is interrupted waits for none.
        """
        futures = [self._pool.submit(partial(_run_open, self._closed, call)) for call in calls]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                future.cancel()  # one that has begun, or is done, goes on
            done = [future for future in futures if not future.cancelled()]
            wait(done)
        except BaseException:
            give_up(futures, InputError(CLOSED))
            raise
        return [future.result() for future in done]

    def close(self) -> None:
        """Ends the threads once they have done what they have begun; what has not begun is refused."""
        self._closed.set()  # a pool that is told to cancel would leave `run` waiting for ever
        self._pool.shutdown()
        self.renew()

    def abandon(self) -> None:
        """As `close`, without waiting: whoever waits for an answer gets an InputError at once."""
        self._closed.set()
        self._pool.abandon(InputError(CLOSED))
        self.renew()


def _run_open(closed: threading.Event, call: Callable[[], T]) -> T:
    if closed.is_set():
        raise InputError(CLOSED)
    return call()
