"""The web application of a service: its routes, and what every request goes through before them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

import editjudge
from editjudge.server.engine.engine import Engine
from editjudge.server.http.access import AccessCheck
from editjudge.server.http.answers import json_response
from editjudge.server.http.envelope import Envelope
from editjudge.server.http.openapi import build_schema
from editjudge.server.http.record import find_record
from editjudge.server.http.refusals import ErrorAnswer
from editjudge.server.http.service import ScoringService
from editjudge.server.options import ServiceOptions
from editjudge.server.routes.page import build_page
from editjudge.server.routes.scoring import build_scoring
from editjudge.server.routes.status import build_status
from editjudge.server.routes.unirl import build_unirl
from editjudge.server.telemetry import Telemetry

DESCRIPTION = (
    "Scores instruction-based image edits: what changed, where, how well, and why. Pictures come as files or in "
    "base64, and nothing is fetched. Every answer has the header Editjudge-Bundle, with the hash of the bundle."
)


def build_app(options: ServiceOptions, engine: Engine, telemetry: Telemetry) -> FastAPI:
    """The application. It starts the engine when it starts, and drains and closes it when it ends.

    Args:
        options: What the service was told.
        engine: What answers; not started yet.
        telemetry: Where requests are counted.
    """
    service = ScoringService(options, engine, telemetry)

    @asynccontextmanager
    async def run_engine(app: FastAPI) -> AsyncIterator[None]:
        engine.start()
        try:
            yield
        finally:
            await to_thread.run_sync(_end, engine, options.limits.answer_seconds)

    app = FastAPI(
        title="editjudge",
        version=editjudge.__version__,
        description=DESCRIPTION,
        docs_url=None,  # it would load scripts from elsewhere
        redoc_url=None,
        lifespan=run_engine,
        redirect_slashes=False,
        exception_handlers={HTTPException: _answer_http_error},
    )
    for router in (build_scoring(service), build_unirl(service), build_status(service), build_page(options.limits)):
        app.include_router(router)
    app.openapi = lambda: build_schema(app)  # type: ignore[method-assign]
    app.add_middleware(AccessCheck, token=options.token)
    app.add_middleware(
        Envelope,
        telemetry=telemetry,
        describe_bundle=service.describe_bundle,
        log_instructions=options.log_instructions,
    )
    return app


def _end(engine: Engine, seconds: float) -> None:
    engine.drain(seconds)
    engine.close()


async def _answer_http_error(request: Request, error: Exception) -> Response:
    """A path that is not there, or a method that it does not take; of OPTIONS, the methods that it does take."""
    assert isinstance(error, HTTPException)
    allowed = (error.headers or {}).get("Allow", "")
    if error.status_code == 405 and request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": _complete(allowed)})
    if error.status_code == 405:
        answer = ErrorAnswer(405, "MethodError", f"this path does not take {request.method}; use {allowed}")
        answer.headers["Allow"] = _complete(allowed)
    else:
        answer = ErrorAnswer(404, "NotFoundError", "there is nothing at this path; see /openapi.json for what there is")
    find_record(request).error = answer.kind
    return json_response(answer.body, answer.status, answer.headers)


def _complete(allowed: str) -> str:
    """The methods of a path, with those that every path has."""
    return ", ".join(dict.fromkeys([*allowed.split(", "), *(["HEAD"] if "GET" in allowed else []), "OPTIONS"]))
