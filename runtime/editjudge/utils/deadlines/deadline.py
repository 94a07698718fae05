"""A time by which the work of a thread has to end, and what stops that work, from another thread where it must."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")


class Lock(Protocol):
    """One that threads take in turn."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...

    def release(self) -> None: ...


class OutOfTimeError(Exception):
    """The time for the work is up. It is no error of a caller: whoever set the time goes on with what is known."""


class Deadline:
    """A time that some seconds are left to; it holds for the work of a thread while that is `in_force`."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._stops: list[Callable[[], None]] = []
        self._has_stopped = False
        self._is_in_force = False
        self._timer: threading.Timer | None = None

    @property
    def left(self) -> float:
        """Seconds; negative once it is over."""
        return self.end - time.monotonic()

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Within the block this is the deadline of the thread's work, and of what it hands to threads of libraries.

        Blocks of one deadline may follow each other; they do not nest, and no two threads share one. Within the block
        of another, that holds which was entered last.
        """
        token = _CURRENT.set(self)
        self._is_in_force = True
        try:
            yield
        finally:
            _CURRENT.reset(token)
            with self._lock:
                self._is_in_force = False
                self._end_timer()

    def check(self, expected: float = 0.0) -> None:
        """Raises OutOfTimeError where fewer than so many seconds are left."""
        if self.left <= expected:
            raise OutOfTimeError

    @contextmanager
    def stopping(self, stop: Callable[[], None]) -> Iterator[None]:
        """Within the block `stop` is called from another thread once time is up; whatever the block raises after that
        becomes OutOfTimeError.
        """
        with self._lock:
            if self._has_stopped:  # what begins now would not be stopped any more
                raise OutOfTimeError
            self.check()
            if self._timer is None:  # one thread for all that is done by this time
                self._timer = threading.Timer(self.left, self._stop)
                self._timer.daemon = True
                self._timer.start()
            self._stops.append(stop)
        try:
            yield
        except Exception as error:
            if self._has_stopped:
                raise OutOfTimeError from error
            raise
        finally:
            with self._lock:
                self._stops.remove(stop)
                self._end_timer()

    def _end_timer(self) -> None:
        """Ends its thread where that has nothing to stop. Work that nobody waits for may go on after the block."""
        if self._timer is not None and not self._is_in_force and not self._stops:
            self._timer.cancel()
            self._timer = None

    def _stop(self) -> None:
        with self._lock:
            self._has_stopped = True
            for stop in self._stops:
                stop()


_CURRENT: ContextVar[Deadline | None] = ContextVar("editjudge_deadline", default=None)


def current_deadline() -> Deadline | None:
    """That of this thread's work; None: it may take as long as it takes."""
    return _CURRENT.get()


def leave_deadline() -> None:
    """From now on the work of this context may take as long as it takes."""
    _CURRENT.set(None)


def check_time(expected: float = 0.0) -> None:
    """Raises OutOfTimeError where fewer than so many seconds are left to this thread's work."""
    deadline = current_deadline()
    if deadline is not None:
        deadline.check(expected)


@contextmanager
def stop_in_time(stop: Callable[[], None]) -> Iterator[None]:
    """As `Deadline.stopping`, with that of this thread's work, if there is one."""
    deadline = current_deadline()
    if deadline is None:
        yield
    else:
        with deadline.stopping(stop):
            yield


@contextmanager
def hold_in_time(lock: Lock) -> Iterator[None]:
    """Holds a lock within the block. Raises OutOfTimeError where another thread holds it until time is up."""
    deadline = current_deadline()
    if not lock.acquire(timeout=-1 if deadline is None else max(0.0, deadline.left)):
        raise OutOfTimeError
    try:
        yield
    finally:
        lock.release()


def wait_in_time(work: Future[T], *, keeps: bool = False) -> T:
    """What a future gives or raises. Raises OutOfTimeError once time is up: work that has begun then goes on by itself,
    and other work is not begun, unless that is to be kept.
    """
    deadline = current_deadline()
    try:
        return work.result(None if deadline is None else max(0.0, deadline.left))
    except TimeoutError:
        if deadline is None:  # it is the work that raised it
            raise
        if work.done():  # likewise, or it ended just now
            return work.result()
        if not keeps:
            work.cancel()
        raise OutOfTimeError from None
    except CancelledError:
        raise OutOfTimeError from None


class Pace:
    """Steps that take about as long as each other, none of which begins that cannot end in time."""

    def __init__(self) -> None:
        self._last: float | None = None

    def begin(self) -> None:
        """Before each step. Raises OutOfTimeError where less time is left than the step before took."""
        now = time.monotonic()
        check_time(0.0 if self._last is None else now - self._last)
        self._last = now
