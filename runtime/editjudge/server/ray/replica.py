"""One copy of the service, as Ray Serve runs it.

Each has models and a queue of its own. What its queue does not take it refuses itself, as `editjudge serve` does; what
does not even reach a replica, Ray refuses, with a Retry-After as well.
"""

from __future__ import annotations

import asyncio
from typing import Any

from ray import serve
from ray.serve.config import BackpressureConfig

from editjudge.errors import DeviceError
from editjudge.server.app import build_app
from editjudge.server.engine.engine import Engine
from editjudge.server.logs import write_logs
from editjudge.server.options import ServiceOptions
from editjudge.server.processes.drain import drain_seconds
from editjudge.server.ray.arguments import ReplicaPlan
from editjudge.server.telemetry import Telemetry

LOOK = 0.05
"""Seconds between two looks at how far the models are."""
RETRY_AFTER = 2.0
"""Seconds that Ray tells a client to wait where every replica has all that it may have."""
SPARE = 32
"""Requests beside those of its queue that a replica may have, as they arrive, are worked on or just being refused; and
as many again that Ray holds back until a replica has room."""


class ScoringReplica:
    """Ray sends it requests once its models are warm. options: as `ServiceOptions.to_json` writes them."""

    def __init__(self, options: str) -> None:
        self._options = ServiceOptions.from_json(options)
        self._telemetry = Telemetry()
        self._engine = Engine(self._options, telemetry=self._telemetry)
        write_logs(replica=serve.get_replica_context().replica_tag)

    def __serve_build_asgi_app__(self) -> Any:
        """The application, by which Ray starts and ends the engine."""
        return build_app(self._options, self._engine, self._telemetry)

    async def check_health(self) -> None:
        """Waits for the models. Raises DeviceError where they cannot be opened: Ray starts another replica then."""
        while self._engine.state == "starting":
            await asyncio.sleep(LOOK)
        if self._engine.state == "failed":
            raise DeviceError(self._engine.problem or "the models cannot be opened")
        self._telemetry.ready.set(1)


DEPLOYMENT = serve.deployment(serve.ingress()(ScoringReplica))


def deploy(options: ServiceOptions, plan: ReplicaPlan) -> Any:
    """The application of Ray Serve, not yet running."""
    deployment = DEPLOYMENT.options(
        num_replicas=plan.replicas,
        ray_actor_options={"num_cpus": plan.cpus, "num_gpus": plan.gpus},
        max_ongoing_requests=options.queue + SPARE,
        max_queued_requests=options.queue + SPARE,
        backpressure_config=BackpressureConfig(retry_after_s=RETRY_AFTER),
        graceful_shutdown_timeout_s=drain_seconds(options.limits),
    )
    return deployment.bind(options.to_json())
