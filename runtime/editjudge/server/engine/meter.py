"""What the engine measures of itself: how long pictures take, by which it tells who is refused when to ask again."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from editjudge.metrics.registry import EditScore
from editjudge.server.engine.job import Job

if TYPE_CHECKING:
    from editjudge.server.telemetry import Telemetry

WEIGHT = 0.1
"""Of the latest turn in the mean time of a picture."""
SOONEST, LATEST = 1.0, 60.0
"""Seconds that who is refused is told to wait, at least and at most."""


class WorkMeter:
    """Measures, and tells the telemetry where there is one. May be shared by threads."""

    def __init__(self, telemetry: Telemetry | None = None) -> None:
        self._telemetry = telemetry
        self._seconds: float | None = None
        self._lock = threading.Lock()

    def note_waiting(self, waiting: int) -> None:
        """So many requests wait now."""
        if self._telemetry is not None:
            self._telemetry.waiting.set(waiting)

    def note_start(self, job: Job, *, shares: bool) -> None:
        """The work on a job begins. shares: whether its original was ready from another one."""
        waited = time.monotonic() - job.taken
        if job.note_wait is not None:
            job.note_wait(waited)
        if self._telemetry is not None:
            self._telemetry.wait_seconds.observe(waited)
            if shares:
                self._telemetry.shared.inc()

    def note_turn(self, seconds: float, pictures: int) -> None:
        """So many edited pictures took a thread so long, together."""
        latest = seconds / max(1, pictures)
        with self._lock:
            before = latest if self._seconds is None else self._seconds
            self._seconds = before + WEIGHT * (latest - before)

    def note_score(self, score: EditScore) -> None:
        """The stages of a score took their time."""
        if self._telemetry is not None:
            for stage, milliseconds in score.timings_ms.items():
                if stage != "total":
                    self._telemetry.stage_seconds.labels(stage).observe(milliseconds / 1000)

    def retry_after(self, pictures: int, threads: int) -> float:
        """Seconds until so many edited pictures may be done by so many threads."""
        return min(LATEST, max(SOONEST, (self._seconds or 0.0) * pictures / max(1, threads)))
