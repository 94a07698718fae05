"""Scores rows in worker processes on this machine.

Processes and not threads: a third of the time that a row takes is spent outside of the models, and most of that holds
Python's lock, so that threads would keep no more than a few cores busy; and a worker that is killed takes only itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from itertools import groupby, islice

from editjudge.batch.columns import Values
from editjudge.batch.worker import Setup, Worker
from editjudge.datasets import Dataset, Row
from editjudge.errors import DeviceError

AHEAD = 2
"""Tasks that wait, per worker, so that none is idle; their rows may hold pictures of several megabytes."""
TASK = 8
"""Rows in a task at most."""

Numbered = tuple[int, Row]


def score_locally(
    dataset: Dataset, pending: Sequence[range], setup: Setup, workers: int | None
) -> Iterator[tuple[int, Values]]:
    """The numbers of the pending rows with their new columns, as they come.

    workers: processes; None: one per core, and one where the models run on a GPU. Raises DeviceError when a worker
    died, and what the workers raise.
    """
    workers = min(workers or (_cores() if setup.threads else 1), sum(map(len, pending)))
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin)
    waiting: set[Future[list[tuple[int, Values]]]] = set()
    try:
        for task in _tasks(dataset, pending):
            waiting.add(pool.submit(_score, setup, task))
            if len(waiting) >= AHEAD * workers:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)
    except BrokenProcessPool as error:
        raise DeviceError("a worker died, most likely for want of memory; try fewer --workers") from error
    except BaseException:
        for worker in multiprocessing.active_children():
            if worker not in others:
                worker.terminate()  # a row may take long
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _tasks(dataset: Dataset, pending: Sequence[range]) -> Iterator[list[Numbered]]:
    """The rows, those that follow one another with the same instruction together: one worker then parses it once."""
    for span in pending:
        numbered = zip(span, dataset.rows(span.start, span.stop), strict=True)
        for _, rows in groupby(numbered, lambda each: each[1].instruction):
            while task := list(islice(rows, TASK)):
                yield task


def _finished(waiting: set[Future[list[tuple[int, Values]]]]) -> Iterator[tuple[int, Values]]:
    """Waits until some of the tasks are done, and takes them out."""
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        waiting.remove(future)
        yield from future.result()


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin() -> None:
    """In a worker, first: it leaves Ctrl-C to the main process, and ends with it, even when that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@lru_cache(maxsize=1)
def _worker(setup: Setup) -> Worker:
    return Worker(setup)


def _score(setup: Setup, task: list[Numbered]) -> list[tuple[int, Values]]:
    worker = _worker(setup)
    return [(number, worker.score(row)) for number, row in task]
