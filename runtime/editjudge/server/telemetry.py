"""What a service tells Prometheus of itself: requests, refusals, the queue, and the time of each stage."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 120.0)
"""The upper ends of the bins that times are counted in."""
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which the workers of one service count; prometheus_client reads it as well,
when it is imported."""
TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
"""The content type of what is told: the form that every version of Prometheus reads."""


class Telemetry:
    """The counters of one process, in a registry of its own; a gauge is the sum of all workers that live."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.ready = Gauge(
            "editjudge_ready", "Processes that answer requests.",
            registry=self.registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self.requests = Counter("editjudge_requests", "Requests answered.", ("route", "status"), registry=self.registry)
        self.request_seconds = Histogram(
            "editjudge_request_seconds", "From the head of a request to its answer.", ("route",),
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        self.refused = Counter(
            "editjudge_refused", "Requests that were not taken.", ("reason",), registry=self.registry
        )
        self.waiting = Gauge(
            "editjudge_waiting", "Requests that wait for a thread.",
            registry=self.registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self.wait_seconds = Histogram(
            "editjudge_wait_seconds", "From when a request was taken to when its work began.",
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        self.stage_seconds = Histogram(
            "editjudge_stage_seconds", "Time of a stage for one edited picture.", ("stage",),
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        self.shared = Counter(
            "editjudge_prepared_shared", "Requests whose original was ready from another one.", registry=self.registry
        )


def render_metrics(telemetry: Telemetry) -> tuple[bytes, str]:
    """What Prometheus reads, and its content type: the sums over all workers of the service, or of this process alone
    where it is the only one.
    """
    registry = telemetry.registry
    if folder := os.environ.get(SHARED_FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry), TEXT_FORMAT


def forget_worker(process: int, folder: str) -> None:
    """Leaves a worker that has ended out of the gauges; what it has counted stays counted.

    Args:
        process: Its number in the system.
        folder: That of SHARED_FOLDER.
    """
    mark_process_dead(process, folder)  # type: ignore[no-untyped-call]
