"""Pools of workers: the cores for them, and handing work to threads, also when Python has ended them."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def usable_cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def submit(pool: ThreadPoolExecutor, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """Hands a call to a pool. Once the main thread has ended, and with it all pools, it runs in the caller's thread."""
    try:
        return pool.submit(function, *args, **kwargs)
    except RuntimeError as error:
        if "shutdown" not in str(error):  # no thread can be started
            raise
    done: Future[T] = Future()
    try:
        done.set_result(function(*args, **kwargs))
    except Exception as error:
        done.set_exception(error)
    return done


class DaemonPool:
    """Threads for calls that wait for others, such as servers: the end of the interpreter does not wait for them."""

    def __init__(self, workers: int, name: str) -> None:
        """Its threads start when needed."""
        self._workers, self._name = workers, name
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._under_way: set[Future[Any]] = set()
        weakref.finalize(self, self._tasks.put, None)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        with self._lock:
            self._under_way.add(future)
            needed = self._threads < min(self._workers, len(self._under_way))
            self._threads += needed
        future.add_done_callback(self._under_way.discard)
        if needed:
            threading.Thread(target=_work, args=(self._tasks,), name=self._name, daemon=True).start()
        self._tasks.put((future, call))
        return future

    def shutdown(self) -> None:
        """Ends the threads once they have done what they were given."""
        wait(list(self._under_way))
        self._tasks.put(None)

    def abandon(self, error: Exception) -> None:
        """Ends the threads, and at once whatever waits for them: with this error."""
        give_up(list(self._under_way), error)
        self._tasks.put(None)


def give_up(futures: Iterable[Future[Any]], error: Exception) -> None:
    """Nobody waits for these any more: what has begun is left to end by itself."""
    for future in futures:
        with suppress(InvalidStateError):  # it is done, or told already
            if future.cancel():
                future.set_running_or_notify_cancel()  # or who waits for it would wait on
            else:
                future.set_exception(error)


def call_until(until: float, call: Callable[[], T]) -> T:
    """What a call returns or raises. Raises TimeoutError at this time of the monotonic clock: then, as where the one
    who waits is interrupted, the call is left to end by itself, in a thread that nobody waits for.
    """
    future: Future[T] = Future()
    threading.Thread(target=_fulfil, args=(future, call), name="editjudge-call", daemon=True).start()
    return future.result(max(0.0, until - time.monotonic()))


def _work(tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]) -> None:
    while (task := tasks.get()) is not None:
        if not task[0].done() and task[0].set_running_or_notify_cancel():  # else it was given up
            _fulfil(*task)
        del task  # or it would be held until the next one comes
    tasks.put(None)  # for the other threads


def _fulfil(future: Future[T], call: Callable[[], T]) -> None:
    try:
        result = call()
    except BaseException as error:
        with suppress(InvalidStateError):  # given up meanwhile
            future.set_exception(error)
    else:
        with suppress(InvalidStateError):
            future.set_result(result)
