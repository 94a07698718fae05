"""The engine: takes requests up to a bound, answers those of one original and instruction together, ends in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Literal

from editjudge.bundles.bundle import Bundle
from editjudge.errors import InputError
from editjudge.image.decoding.limits import ImageLimits
from editjudge.metrics.base import MetricSpec
from editjudge.metrics.registry import select_metrics
from editjudge.ranking import BATCH
from editjudge.scorer import Scorer
from editjudge.server.engine.answerer import Answerer
from editjudge.server.engine.job import Job
from editjudge.server.engine.meter import WorkMeter
from editjudge.server.engine.opening import hash_bundle, load_scorer, tell_problem, warm_up
from editjudge.server.engine.refusal import NotReadyError, QueueFullError
from editjudge.server.engine.request import Answer, ScoringRequest
from editjudge.server.engine.thread_plan import choose_threads, find_device
from editjudge.server.engine.waiting_line import WaitingLine
from editjudge.server.options import ServiceOptions
from editjudge.utils.oom import ADVICE, convert_memory_errors

if TYPE_CHECKING:
    from editjudge.server.telemetry import Telemetry

EngineState = Literal["starting", "ready", "draining", "failed"]
"""The models are being opened; requests are taken; what was taken is still answered; the models cannot be opened."""

STARTING, ENDING, FAILED = 2.0, 10.0, 30.0
"""Seconds until it may be worth asking again, in each of the states in which nothing is taken."""


class Engine:
    """Answers requests with one Scorer. Its methods may be called by any thread.

    Args:
        options: What the service was told.
        open_scorer: Opens the Scorer, on a thread of the engine's own.
        telemetry: Is told of the queue and of the time that things take; None: nobody is.

    Attributes:
        state: What it is doing.
        problem: Why it failed, in a sentence; None: it did not.
        bundle_hash: Of the bundle's manifest, "sha256:..."; None until it is open.
        device: What the models run on; None until they are open.
        bundle: Whose models they are; None until it is open.
        measurable: What the bundle has the models for; nothing until it is open.
    """

    def __init__(
        self,
        options: ServiceOptions,
        open_scorer: Callable[[ServiceOptions], Scorer] = load_scorer,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.state: EngineState = "starting"
        self.problem: str | None = None
        self.bundle_hash: str | None = None
        self.device: str | None = None
        self.bundle: Bundle | None = None
        self.measurable: tuple[MetricSpec, ...] = ()
        self._options = options
        self._open_scorer = open_scorer
        self._meter = WorkMeter(telemetry)
        self._line = WaitingLine(options.queue, BATCH, self._meter.note_waiting)
        self._scorer: Scorer | None = None
        self._opener = threading.Thread(target=self._open, name="editjudge-inference-0", daemon=True)
        self._threads: list[threading.Thread] = []
        self._under_way: set[Future[Answer]] = set()
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many requests wait for a thread."""
        return len(self._line)

    def start(self) -> None:
        """Begins to open the models and to warm them up, and comes back at once."""
        self._opener.start()

    def submit(self, request: ScoringRequest, note_wait: Callable[[float], None] | None = None) -> Future[Answer]:
        """Takes a request. The future gives the answer, or raises what `Scorer.score` does, RefusedError where its time
        is up before it is answered, and NotReadyError where the engine is closed before. `cancel` it where nobody waits
        any more: what has not begun is left out then, and of several candidates those that have not.

        note_wait: told, by another thread, how many seconds it waited, once the work on it begins; None: nobody is.

        Raises QueueFullError and NotReadyError.
        """
        job = Job(request, self._options.limits.answer_seconds, note_wait)
        job.future.add_done_callback(lambda future: self._end(job))
        with self._lock:
            self._check_state()
            if not request.edited or (request.kind == "differences" and len(request.edited) > 1):
                job.fail(
                    InputError("there is nothing to compare; hand in one edited picture, or several for a ranking")
                )
                return job.future
            self._under_way.add(job.future)
            if not self._line.add(job):
                self._under_way.discard(job.future)
                raise self._refuse()
        return job.future

    def check_room(self) -> None:
        """Raises QueueFullError and NotReadyError where nothing is taken now: then nobody need send it."""
        with self._lock:
            self._check_state()
            if len(self._line) >= max(1, self._options.queue):
                raise self._refuse()

    def drain(self, seconds: float) -> bool:
        """Takes nothing more and waits for what was taken; returns whether all of it was answered in time."""
        with self._lock:
            if self.state != "failed":
                self.state = "draining"
            under_way = list(self._under_way)
        return not wait(under_way, max(0.0, seconds)).not_done

    def close(self) -> None:
        """Ends its threads and frees the models; what still waits raises NotReadyError."""
        self.drain(0.0)
        for job in self._line.close():
            job.fail(NotReadyError("the service has ended before this was answered; ask another one", ENDING))
        if self._opener.ident is not None:  # it was started
            self._opener.join()
        for thread in self._threads:
            thread.join()
        if self._scorer is not None:
            self._scorer.close()

    def check_open(self) -> None:
        """Raises NotReadyError where it is not known yet what the bundle has the models for, or never will be."""
        if self.bundle is None:
            self._check_state()

    def _refuse(self) -> QueueFullError:
        seconds = self._meter.retry_after(self._line.pictures, 1 + len(self._threads))
        return QueueFullError(f"{len(self._line)} requests wait, as many as may; try again later", seconds)

    def _check_state(self) -> None:
        if self.state == "starting":
            raise NotReadyError("the models are still being opened; try again soon", STARTING)
        if self.state == "draining":
            raise NotReadyError("the service is about to end and takes nothing more; ask another one", ENDING)
        if self.state == "failed":
            raise NotReadyError(f"the models cannot be opened: {self.problem}", FAILED)

    def _end(self, job: Job) -> None:
        """Once a job is answered, has failed, or was cancelled."""
        if job.future.cancelled():
            self._line.drop(job)
            job.future.set_running_or_notify_cancel()  # or who waits for several futures would wait on
        self._under_way.discard(job.future)

    def _open(self) -> None:
        """Opens the models, and takes requests from then on: CUDA takes memory for every thread that ever called a
        model, so that the one that warms them up is the first to use them.
        """
        try:
            with convert_memory_errors("open the models", ADVICE):
                threads, answerer = self._open_models()
                self._start_others(threads - 1, answerer)
        except BaseException as error:
            with self._lock:
                self.problem, self.state = tell_problem(error), "failed"
            return
        self._work(answerer)

    def _start_others(self, threads: int, answerer: Answerer) -> None:
        with self._lock:
            for number in range(threads):
                name = f"editjudge-inference-{1 + number}"
                thread = threading.Thread(target=self._work, args=(answerer,), name=name, daemon=True)
                thread.start()
                self._threads.append(thread)
            if self.state == "starting":
                self.state = "ready"

    def _open_models(self) -> tuple[int, Answerer]:
        """How many threads take requests, and what they answer them with."""
        self._scorer = scorer = self._open_scorer(self._options)
        self.bundle_hash = hash_bundle(scorer)
        self.measurable = tuple(metric.spec for metric in select_metrics(None, scorer.bundle, parsed=False))
        self.bundle = scorer.bundle
        warm_up(scorer)
        self.device = find_device(scorer)
        limits = ImageLimits(max_pixels=self._options.limits.max_pixels)
        return choose_threads(self._options, self.device), Answerer(scorer, limits, self._meter)

    def _work(self, answerer: Answerer) -> None:
        """What a thread does until the line is closed."""
        while pieces := self._line.take():
            try:
                answerer.answer(pieces)
            except BaseException as error:  # the thread has to live, whatever it is
                for piece in pieces:
                    piece.job.fail(error)
            del pieces  # or the last request would be held until the next one comes
