"""Scores rows in worker processes on this machine.

Processes and not threads: a third of the time of a row passes outside of the models, and most of that holds Python's
lock, so that threads would keep no more than a few cores busy; and a killed worker leaves the run alive.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from itertools import groupby
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from editjudge.batch.grouping import Group, read_groups
from editjudge.batch.worker import ScoredRow, Setup, Worker
from editjudge.bundles.cache import given_warning, warn_once
from editjudge.datasets import Dataset
from editjudge.errors import DeviceError, EditJudgeWarning, OutOfMemoryError
from editjudge.ranking import BATCH
from editjudge.utils.pools import usable_cores

AHEAD = 2
"""Tasks per worker that wait, so that none is idle; their rows may hold pictures of several megabytes."""
TASK = 4 * BATCH
"""Rows in a task at most: so many are lost when a run is killed. More than a few, as each worker that has a task of a
group prepares its original."""
TO_WORKERS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What a terminal or a supervisor sends to all processes of a run, to end it."""
OPEN_FILES = {errno.EMFILE, errno.ENFILE}
FAULTS = {"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"}
"""What the code of a process ends it by."""


class _Finished(NamedTuple):
    """What a worker hands back of a task, with the warning that its process would have given."""

    rows: list[ScoredRow]
    warning: str | None


def score_locally(dataset: Dataset, pending: Sequence[range], setup: Setup, workers: int | None) -> Iterator[ScoredRow]:
    """Scores in `workers` processes; by default one per core, and one where the models run on a GPU.

    Yields the pending rows with their new cells, as they come, and now and then others of their batches. Raises
    DeviceError when a worker died or none can be started, and what the workers raise: OutOfMemoryError as well.
    """
    workers = min(workers or (usable_cores() if setup.threads else 1), sum(map(len, pending)))
    others = multiprocessing.active_children()
    waiting: set[Future[_Finished]] = set()
    started: set[BaseProcess] = set()
    # Processes are started in a thread of its own: there a signal does not break off what the new one waits for.
    with ThreadPoolExecutor(1, "editjudge-launcher") as launcher:
        pool = launcher.submit(_open_pool, workers).result()
        try:
            for task in make_tasks(dataset, pending):
                waiting.add(launcher.submit(_submit, pool, setup, task).result())
                started.update(worker for worker in multiprocessing.active_children() if worker not in others)
                if len(waiting) >= AHEAD * workers:
                    yield from _take_finished(waiting)
            while waiting:
                yield from _take_finished(waiting)
        except BrokenProcessPool as error:
            # The pool ends them with SIGTERM, which they ignore, and would wait for ever for one that waits for a lock
            # of its queue that the dead one held.
            _kill_workers(others)
            pool.shutdown()  # only then is it known of each worker how it ended
            raise DeviceError(_describe_death(started)) from error
        except BaseException as error:
            launcher.shutdown()
            _kill_workers(others)  # without waiting for their rows
            if isinstance(error, OutOfMemoryError) and workers > 1:
                raise OutOfMemoryError(str(error).replace("; ", "; try fewer --workers, ", 1)) from error
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


def _submit(pool: ProcessPoolExecutor, setup: Setup, task: list[Group]) -> Future[_Finished]:
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
        remedy = "they need room in /dev/shm, and processes within the limits"
        if getattr(error, "errno", None) in OPEN_FILES:
            remedy = "raise the limit of open files (ulimit -n), or try fewer --workers"
        raise DeviceError(f"worker processes cannot be started: {reason}; {remedy}") from error


def _take_finished(waiting: set[Future[_Finished]]) -> Iterator[ScoredRow]:
    """Waits until some of the tasks are done, and removes them; one that failed, which ends the run, comes last."""
    finished = wait(waiting, return_when=FIRST_COMPLETED).done
    for future in sorted(finished, key=lambda task: task.exception() is not None):
        waiting.remove(future)
        rows, warning = future.result()
        if warning is not None:
            warn_once(warning)
        yield from rows


def _kill_workers(others: Sequence[BaseProcess]) -> None:
    """Ends all processes that this one started, but these."""
    for worker in multiprocessing.active_children():
        if worker not in others:
            worker.kill()


def _describe_death(workers: Iterable[BaseProcess]) -> str:
    """Why a worker died, as far as it is known: what is out of memory is killed, and so are those that are left."""
    killed = {-getattr(signal, name) for name in ("SIGTERM", "SIGKILL") if hasattr(signal, name)}
    statuses = {worker.exitcode or 0 for worker in workers} - {0, *killed}
    status = min(statuses, default=0)
    if status > 0:
        guard = 'start the run under if __name__ == "__main__", as each worker imports the script that starts it'
        return f"a worker ended itself with exit status {status}; {guard}"
    if not status:
        return "a worker died, most likely for want of memory; try fewer --workers"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    if name in FAULTS:
        return f"a worker died of {name}, which is a fault of a library; try again, and report it if it comes again"
    return f"a worker was ended by {name}; find out what sends it, or which limit is set on the processes"


def _prepare_worker() -> None:
    """Prepares a worker: it leaves signals to the main process, and ends with it, even when that is killed."""
    for number in TO_WORKERS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TO_WORKERS)
    warnings.simplefilter("ignore", EditJudgeWarning)  # the main process gives it, once for all workers
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@lru_cache(maxsize=1)
def _worker(setup: Setup) -> Worker:
    return Worker(setup)


def _score(setup: Setup, task: list[Group]) -> _Finished:
    worker = _worker(setup)
    rows = [row for group in task for row in worker.score(group)]
    return _Finished(rows, given_warning())
