"""The routes that tell of the service itself: whether it is ready, and its counters."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

import editjudge
from editjudge.server.http.answers import json_response
from editjudge.server.http.openapi import describe_health, describe_metrics
from editjudge.server.http.service import ScoringService
from editjudge.server.telemetry import render_metrics

PROBLEM = "the models cannot be opened; the log of the service says why"
"""Why it failed, as whoever asks is told, with a token or without: the reason itself may hold paths."""


def build_status(service: ScoringService) -> APIRouter:
    """The routes "/health" and "/metrics"."""
    router = APIRouter(tags=["service"])

    async def health(request: Request) -> Response:
        content = _describe_state(service)  # it takes no time: no thread that bodies keep busy is waited for
        is_ready = content["status"] == "ready"
        return json_response(content, 200 if is_ready else 503, {} if is_ready else {"Retry-After": "2"})

    async def metrics(request: Request) -> Response:
        content, content_type = await to_thread.run_sync(render_metrics, service.telemetry)
        return Response(content, headers={"Content-Type": content_type})

    router.add_api_route(
        "/health", health, summary="Whether it is ready", operation_id="health", response_class=Response,
        **describe_health(),
    )  # fmt: skip
    router.add_api_route(
        "/metrics", metrics, summary="Counters for Prometheus", operation_id="metrics", response_class=Response,
        **describe_metrics(),
    )  # fmt: skip
    return router


def _describe_state(service: ScoringService) -> dict[str, Any]:
    """What "/health" tells. "rewards" is what trainers that use the form of UniRL ask it for."""
    engine = service.engine
    state = engine.state
    return {
        "status": state,
        "problem": None if engine.problem is None else PROBLEM,
        "bundle": service.bundle_name,
        "bundle_hash": engine.bundle_hash,
        "version": editjudge.__version__,
        "device": engine.device,
        "waiting": engine.waiting,
        "rewards": {spec.name: [state] for spec in engine.measurable} if state == "ready" else {},
    }
