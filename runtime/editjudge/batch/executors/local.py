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
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from itertools import groupby, islice

from editjudge.batch.score_columns import Values
from editjudge.batch.worker import Setup, Worker
from editjudge.datasets import Dataset, EditSample
from editjudge.errors import DeviceError

AHEAD = 2
"""Tasks per worker that wait, so that none is idle; their rows may hold pictures of several megabytes."""
TASK = 8
"""Rows in a task at most."""

Numbered = tuple[int, EditSample]


def score_locally(
    dataset: Dataset, pending: Sequence[range], setup: Setup, workers: int | None
) -> Iterator[tuple[int, Values]]:
    """Scores in `workers` processes; by default one per core, and one where the models run on a GPU.

    Yields the numbers of the pending rows with their new cells, as they come. Raises DeviceError when a worker died,
    and what the workers raise.
    """
    workers = min(workers or (usable_cores() if setup.threads else 1), sum(map(len, pending)))
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _prepare_worker)
    waiting: set[Future[list[tuple[int, Values]]]] = set()
    try:
        for task in _tasks(dataset, pending):
            waiting.add(pool.submit(_score, setup, task))
            if len(waiting) >= AHEAD * workers:
                yield from _take_finished(waiting)
        while waiting:
            yield from _take_finished(waiting)
    except BrokenProcessPool as error:
        raise DeviceError("a worker died, most likely for want of memory; try fewer --workers") from error
    except BaseException:
        for worker in multiprocessing.active_children():
            if worker not in others:
                worker.terminate()  # without waiting for its row
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _tasks(dataset: Dataset, pending: Sequence[range]) -> Iterator[list[Numbered]]:
    """The rows; successive ones with the same instruction share a task, so that one worker parses it once."""
    for span in pending:
        numbered = zip(span, dataset.rows(span.start, span.stop), strict=True)
        for _, rows in groupby(numbered, lambda entry: entry[1].instruction):
            while task := list(islice(rows, TASK)):
                yield task


def _take_finished(waiting: set[Future[list[tuple[int, Values]]]]) -> Iterator[tuple[int, Values]]:
    """Waits until some of the tasks are done, and removes them."""
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        waiting.remove(future)
        yield from future.result()


def usable_cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _prepare_worker() -> None:
    """Prepares a worker: it leaves Ctrl-C to the main process, and ends with it, even when that is killed."""
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
