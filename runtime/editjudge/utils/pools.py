"""Pools of workers: the cores for them, and handing work to threads, also when Python has ended them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

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
