"""Scores rows in worker processes on this machine.

Processes and not threads: a third of the time of a row passes outside of the models, and most of that holds Python's
lock, so that threads would keep no more than a few cores busy; and a killed worker leaves the run alive.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from itertools import groupby
from multiprocessing import resource_tracker

from editjudge.batch.grouping import Group, read_groups
from editjudge.batch.worker import ScoredRow, Setup, Worker
from editjudge.datasets import Dataset
from editjudge.errors import DeviceError
from editjudge.ranking import BATCH

AHEAD = 2
"""Tasks per worker that wait, so that none is idle; their rows may hold pictures of several megabytes."""
TASK = 4 * BATCH
"""Rows in a task at most: so many are lost when a run is killed. More than a few, as each worker that has a task of a
group prepares its original."""
TO_WORKERS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What a terminal or a supervisor sends to all processes of a run, to end it."""


def score_locally(dataset: Dataset, pending: Sequence[range], setup: Setup, workers: int | None) -> Iterator[ScoredRow]:
    """Scores in `workers` processes; by default one per core, and one where the models run on a GPU.

    Yields the pending rows with their new cells, as they come, and now and then others of their batches. Raises
    DeviceError when a worker died or none can be started, and what the workers raise.
    """
    workers = min(workers or (usable_cores() if setup.threads else 1), sum(map(len, pending)))
    others = multiprocessing.active_children()
    waiting: set[Future[list[ScoredRow]]] = set()
    # Processes are started in a thread of its own: there a signal does not break off what the new one waits for.
    with ThreadPoolExecutor(1, "editjudge-launcher") as launcher:
        pool = launcher.submit(_open_pool, workers).result()
        try:
            for task in make_tasks(dataset, pending):
                waiting.add(launcher.submit(_submit, pool, setup, task).result())
                if len(waiting) >= AHEAD * workers:
                    yield from _take_finished(waiting)
            while waiting:
                yield from _take_finished(waiting)
        except BrokenProcessPool as error:
            raise DeviceError("a worker died, most likely for want of memory; try fewer --workers") from error
        except BaseException:
            launcher.shutdown()
            for worker in multiprocessing.active_children():
                if worker not in others:
                    worker.kill()  # without waiting for its row
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def make_tasks(dataset: Dataset, pending: Sequence[range]) -> Iterator[list[Group]]:
    """The groups, long ones in pieces; successive ones with the same instruction share a task, so that one worker
    parses it once."""
    for groups in read_groups(dataset, pending):
        pieces = [group[start : start + TASK] for group in groups for start in range(0, len(group), TASK)]
        for _, alike in groupby(pieces, lambda group: group[0][1].instruction):
            task: list[Group] = []
            for piece in alike:
                if task and sum(map(len, task)) + len(piece) > TASK:
                    yield task
                    task = []
                task.append(piece)
            yield task


def _open_pool(workers: int) -> ProcessPoolExecutor:
    with _convert_start_errors(), _hold_signals():
        if os.name == "posix":
            resource_tracker.ensure_running()  # a process that a signal to all of them would end
        return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _prepare_worker)


def _submit(pool: ProcessPoolExecutor, setup: Setup, task: list[Group]) -> Future[list[ScoredRow]]:
    """Hands a task to the workers, and starts one more where none is idle."""
    with _convert_start_errors(), _hold_signals():
        return pool.submit(_score, setup, task)


@contextmanager
def _hold_signals() -> Iterator[None]:
    """Holds signals back from this thread, and from a process that it starts until that one knows what to do."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TO_WORKERS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _convert_start_errors() -> Iterator[None]:
    try:
        yield
    except (OSError, ImportError, NotImplementedError) as error:  # the latter two where there are no semaphores at all
        reason = getattr(error, "strerror", None) or str(error)
        raise DeviceError(
            f"worker processes cannot be started: {reason}; they need room in /dev/shm, and processes within the limits"
        ) from error


def _take_finished(waiting: set[Future[list[ScoredRow]]]) -> Iterator[ScoredRow]:
    """Waits until some of the tasks are done, and removes them."""
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        waiting.remove(future)
        yield from future.result()


def usable_cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _prepare_worker() -> None:
    """Prepares a worker: it leaves signals to the main process, and ends with it, even when that is killed."""
    for number in TO_WORKERS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TO_WORKERS)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@lru_cache(maxsize=1)
def _worker(setup: Setup) -> Worker:
    return Worker(setup)


def _score(setup: Setup, task: list[Group]) -> list[ScoredRow]:
    worker = _worker(setup)
    return [row for group in task for row in worker.score(group)]
