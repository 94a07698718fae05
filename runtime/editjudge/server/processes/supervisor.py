"""The parent of several workers: starts them, starts those anew that die, and ends them in order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from logging import getLogger
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from editjudge.errors import DeviceError, EditJudgeError
from editjudge.server.logs import write_logs
from editjudge.server.options import ServiceOptions
from editjudge.server.processes.drain import drain_seconds
from editjudge.server.processes.listener import stop_listening
from editjudge.server.telemetry import SHARED_FOLDER, forget_worker
from editjudge.utils.signals import ENDING, handle_signals

SPAWN = multiprocessing.get_context("spawn")
"""A forked process would have no threads of the libraries that its parent has loaded."""
LOG = getLogger("editjudge.server.supervisor")
LOOK = 0.2
"""Seconds after which signals are looked for."""
GRACE = 5.0
"""Seconds more than a worker itself takes at most to end."""
LONGEST_PAUSE = 30.0
"""Seconds before a worker that never comes up is started once more; the first pauses are shorter."""
READY = ""
"""What a worker tells when it is; anything else is why it cannot be."""


@dataclass
class WorkerPlace:
    """One place of the service, and the process that fills it.

    Attributes:
        number: From 1 on; in the log.
        process: None: it has ended.
        told: Where it tells how it is.
        is_ready: Whether it has told so.
        problem: Why it could not open the models; None: it did not tell of any.
        failures: How often in succession its process ended before it was ready.
        start_at: When it is started anew, by time.monotonic().
    """

    number: int
    process: SpawnProcess | None = None
    told: Connection | None = None
    is_ready: bool = False
    problem: str | None = None
    failures: int = 0
    start_at: float = 0.0


@dataclass(frozen=True)
class WorkerTask:
    """What a process is told that becomes a worker.

    Attributes:
        options: Those of the service.
        count: Of all its workers.
        number: Its own.
        ready_first: Whether others answer while it starts, so that it has to take nothing until it is ready.
    """

    options: ServiceOptions
    count: int
    number: int
    ready_first: bool


class Supervisor:
    """Runs workers that share one listener; each has models and a queue of its own.

    Args:
        options: What each of them is told.
        count: How many.
        listener: Where clients connect, to whichever worker is first; closed before the workers end.
        on_ready: Called once, when all of them are ready.
    """

    def __init__(
        self, options: ServiceOptions, count: int, listener: socket.socket, on_ready: Callable[[], None]
    ) -> None:
        self._options = options
        self._listener = listener
        self._on_ready = on_ready
        self._workers = [WorkerPlace(number) for number in range(1, count + 1)]
        self._was_ready = False
        self._signal: int | None = None

    def run(self) -> None:
        """Until a signal comes, by which what was taken is still answered; SIGINT raises KeyboardInterrupt then.

        Raises DeviceError where the workers cannot be started in the first place.
        """
        with _shared_metrics() as folder, handle_signals((signal.SIGINT, *ENDING), self._note_signal):
            try:
                while self._signal is None:
                    self._start_missing()
                    self._listen()
                    self._bury(folder)
            finally:
                self._end_all()
        if self._signal == signal.SIGINT:
            raise KeyboardInterrupt

    def _start_missing(self) -> None:
        for worker in self._workers:
            if worker.process is None and time.monotonic() >= worker.start_at:
                worker.told, telling = SPAWN.Pipe()
                task = WorkerTask(self._options, len(self._workers), worker.number, self._was_ready)
                worker.process = SPAWN.Process(
                    target=_work, args=(task, self._listener, telling), name=f"editjudge-{worker.number}"
                )
                worker.process.daemon = True
                worker.process.start()
                telling.close()

    def _listen(self) -> None:
        """Waits a moment for a worker to tell something or to end."""
        telling = [worker for worker in self._workers if worker.told is not None]
        ends = [worker.process.sentinel for worker in self._workers if worker.process is not None]
        heard = wait([*(worker.told for worker in telling if worker.told is not None), *ends], LOOK)
        for worker in telling:
            if worker.told is not None and worker.told in heard:
                self._hear(worker, worker.told)
        if not self._was_ready and all(worker.is_ready for worker in self._workers):
            self._was_ready = True
            self._on_ready()

    def _hear(self, worker: WorkerPlace, told: Connection) -> None:
        try:
            message = told.recv()
        except (EOFError, OSError):
            told.close()
            worker.told = None
            return
        if message == READY:
            worker.is_ready, worker.failures = True, 0
        else:
            worker.problem = message

    def _bury(self, folder: str) -> None:
        """Takes leave of those that have ended and told all that they had to tell, to be started anew."""
        for worker in self._workers:
            process = worker.process
            if process is None or process.exitcode is None or worker.told is not None:
                continue
            forget_worker(process.pid or 0, folder)
            problem = worker.problem or _describe_end(process.exitcode, len(self._workers))
            if not self._was_ready:
                raise DeviceError(problem)
            fields = {"worker": worker.number, "exit_status": process.exitcode, "problem": worker.problem}
            LOG.error("worker ended", extra={"fields": fields})
            failures = 0 if worker.is_ready else worker.failures + 1
            pause = min(float(2**failures), LONGEST_PAUSE) if failures else 0.0
            process.close()
            worker.process, worker.problem, worker.is_ready = None, None, False
            worker.failures, worker.start_at = failures, time.monotonic() + pause

    def _end_all(self) -> None:
        """Lets each answer what it has taken; what takes too long is ended by force."""
        stop_listening(self._listener)  # or the kernel would go on to take connections, which nobody answers
        running = [worker.process for worker in self._workers if worker.process is not None]
        for process in running:
            process.terminate()
        give_up = time.monotonic() + drain_seconds(self._options.limits) + GRACE
        for process in running:
            process.join(max(0.0, give_up - time.monotonic()))
            if process.exitcode is None:
                LOG.error("worker killed", extra={"fields": {"problem": "it did not end in time"}})
                process.kill()
                process.join()

    def _note_signal(self, number: int) -> None:
        self._signal = number


def _work(task: WorkerTask, listener: socket.socket, telling: Connection) -> None:
    """What the process of a worker does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all of them; the parent tells what to do
    write_logs(worker=task.number)
    threading.Thread(target=_end_with_parent, args=(telling,), name="editjudge-parent", daemon=True).start()
    try:
        # The parent needs none of it.
        from editjudge.server.processes.shared_cores import share_cores  # noqa: PLC0415
        from editjudge.server.processes.worker import answer_requests  # noqa: PLC0415

        options = share_cores(task.options, task.count)
        answer_requests(options, listener, partial(telling.send, READY), ready_first=task.ready_first)
    except EditJudgeError as error:
        with suppress(OSError):
            telling.send(str(error))
        sys.exit(error.exit_status)


def _end_with_parent(parent: Connection) -> None:
    """Ends this process in order once its parent, however that ended, holds the other end no more."""
    with suppress(EOFError, OSError):
        parent.recv()
    os.kill(os.getpid(), signal.SIGTERM)


def _describe_end(exit_status: int, count: int) -> str:
    """Why a worker ended that told of nothing."""
    how = f"by signal {-exit_status}" if exit_status < 0 else f"with status {exit_status}"
    return f"a worker ended {how} while it opened the models; {count} may be more than there is memory for: --workers"


@contextmanager
def _shared_metrics() -> Iterator[str]:
    """A folder in which the workers count together."""
    with tempfile.TemporaryDirectory(prefix="editjudge-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[SHARED_FOLDER] = folder
        try:
            yield folder
        finally:
            del os.environ[SHARED_FOLDER]
