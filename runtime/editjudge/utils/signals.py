"""The signals that ask a process to end, as an exception, so that what it has begun is put in order first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Beside SIGINT, which Python itself turns into KeyboardInterrupt."""


class Terminated(BaseException):
    """A signal asked the process to end; like KeyboardInterrupt it is no Exception, so that nothing takes it for one.

    Attributes:
        status: The exit status by which a shell knows the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.strsignal(number))
        self.status = 128 + number


@contextmanager
def raise_signals() -> Iterator[None]:
    """Raises Terminated in the block when such a signal comes; a second one ends the process at once.

    For programs: a library leaves signals to its host. One that is ignored, as by nohup, is ignored in the block too,
    and outside of the main thread, which alone may handle them, nothing is done.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise Terminated(number)

    in_main = threading.current_thread() is threading.main_thread()
    handled = [number for number in ENDING if in_main and signal.getsignal(number) == signal.SIG_DFL]
    for number in handled:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def handle_signals(numbers: Sequence[int], handler: Callable[[int], None]) -> Iterator[None]:
    """Has a handler called with the number of each of these signals that comes in the block, in the main thread. One
    that is ignored, as by nohup, stays so.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        handler(number)

    handled = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in handled}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
