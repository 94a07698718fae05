"""So many questions at once and no more, whoever asks them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from editjudge.errors import InputError
from editjudge.utils.forks import renew_after_fork
from editjudge.utils.pools import submit

T = TypeVar("T")


class RequestPool:
    """Runs what it is given at most `requests` at a time. May be shared by threads, and by judges of one model."""

    def __init__(self, requests: int) -> None:
        self._requests = requests
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        self._closed = threading.Event()
        self._pool = ThreadPoolExecutor(self._requests, "editjudge-judge")  # its threads start when needed

    def run(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """What each call returns, in their order. Where one raises, those that have not begun are left out, those that
        have are waited for, and the first error in their order is raised.
        """
        futures = [submit(self._pool, _run_open, self._closed, call) for call in calls]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            for future in futures:
                future.cancel()  # one that has begun, or is done, goes on
        done = [future for future in futures if not future.cancelled()]
        wait(done)
        return [future.result() for future in done]

    def close(self) -> None:
        """Ends the threads once they have done what they have begun; what has not begun is refused."""
        self._closed.set()  # a pool that is told to cancel would leave `run` waiting for ever
        self._pool.shutdown()
        self.renew()


def _run_open(closed: threading.Event, call: Callable[[], T]) -> T:
    if closed.is_set():
        raise InputError("the judge was closed while it was asked; open it again")
    return call()
