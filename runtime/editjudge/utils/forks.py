"""What a forked process cannot go on with: locks held by threads that it lacks, and models that ran in them; and
libraries whose threads end for a fork."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from typing import Any, Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """What holds things that do not survive a fork."""

    def renew(self) -> None:
        """Called in a process that was just forked, in its only thread: what does not survive is to be made anew."""


_renewables: WeakSet[Renewable] = WeakSet()
_locks: WeakSet[Any] = WeakSet()
_pauses: list[tuple[Callable[[], None], Callable[[], None]]] = []


def renew_after_fork(thing: Renewable) -> None:
    """Has something renewed in each process that is forked from now on, for as long as it is used."""
    _renewables.add(thing)


def new_lock() -> threading.Lock:
    """A lock that is free in a forked process, whichever thread held it."""
    lock = threading.Lock()
    _locks.add(lock)
    return lock


def leave_behind(thing: object) -> None:
    """Keeps something until the process ends, without an end of its own.

    What a library opened before a fork has threads that the forked process lacks. Its destructor would wait for them
    for ever, even as the interpreter ends, so that no list of ours may hold it either.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def pause_at_fork(pause: Callable[[], None], resume: Callable[[], None]) -> None:
    """Has a library end its threads before each fork from now on, when no call of ours is under way, and go on after it
    in both processes: for one whose idle threads may hold a lock that the forked process would wait for.
    """
    _pauses.append((pause, resume))


def pause_libraries() -> None:
    for pause, _ in _pauses:
        pause()


def resume_libraries() -> None:
    for _, resume in _pauses:
        resume()


def _renew() -> None:
    resume_libraries()
    for lock in list(_locks):
        lock._at_fork_reinit()
    for thing in list(_renewables):
        thing.renew()


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(after_in_child=_renew)
