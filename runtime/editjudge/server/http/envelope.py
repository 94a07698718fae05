"""What surrounds every request: the headers of every answer, errors as JSON, the log and the counters."""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from editjudge.server.http.answers import json_response
from editjudge.server.http.record import KEY, RequestRecord, name_route
from editjudge.server.http.refusals import ClientGoneError, ErrorAnswer, describe_error
from editjudge.server.logs import LoggedRequest, choose_request_id, log_request
from editjudge.server.telemetry import Telemetry

LOG = logging.getLogger("editjudge.server")
GONE = 499
"""Stands for the status of what nobody waited for any more."""
REFUSALS = frozenset({401, 403, 408, 413, 415, 429, 503})


class Envelope:
    """The outermost layer.

    Args:
        app: What is within.
        telemetry: Where requests are counted.
        describe_bundle: What the header of every answer says of the bundle.
        log_instructions: Whether the log holds them.
    """

    def __init__(
        self, app: ASGIApp, telemetry: Telemetry, describe_bundle: Callable[[], str], log_instructions: bool
    ) -> None:
        self._app = app
        self._telemetry = telemetry
        self._describe_bundle = describe_bundle
        self._log_instructions = log_instructions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = RequestRecord(choose_request_id(Headers(scope=scope).get("x-request-id")))
        is_head = scope["method"] == "HEAD"
        inner = {**scope, KEY: record, "method": "GET" if is_head else scope["method"]}
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(raw=message["headers"])
                headers["Editjudge-Bundle"] = self._describe_bundle()
                headers["X-Request-Id"] = record.request_id
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(inner, receive, send_on)
        except ClientGoneError:
            status = GONE
        except Exception as error:
            if status:  # its answer is on its way
                raise
            answer = describe_error(error)
            if answer.status == 500:
                LOG.error("a request met a bug", exc_info=error)
            record.error = answer.kind
            await _respond(answer, inner, receive, send_on)
        finally:
            self._note(scope["method"], name_route(inner), status or GONE, record)

    def _note(self, method: str, route: str, status: int, record: RequestRecord) -> None:
        self._telemetry.requests.labels(route, str(status)).inc()
        self._telemetry.request_seconds.labels(route).observe(record.seconds)
        if status in REFUSALS and record.error:
            self._telemetry.refused.labels(record.error).inc()
        log_request(
            LoggedRequest(
                request_id=record.request_id,
                method=method,
                route=route,
                status=status,
                ms=1000 * record.seconds,
                waited_ms=None if record.waited is None else 1000 * record.waited,
                items=record.items,
                received=record.received,
                error=record.error,
                instruction=record.instruction if self._log_instructions else None,
            )
        )


async def _respond(answer: ErrorAnswer, scope: Scope, receive: Receive, send: Send) -> None:
    await json_response(answer.body, answer.status, answer.headers)(scope, receive, send)
