"""One process of a service: the models, its own queue, and the web server before them."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from logging import getLogger

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from editjudge.errors import DeviceError
from editjudge.server.app import build_app
from editjudge.server.engine.engine import Engine
from editjudge.server.options import RequestLimits, ServiceOptions
from editjudge.server.processes.drain import drain_seconds
from editjudge.server.processes.web_server import configure, ended_by_signals
from editjudge.server.telemetry import Telemetry

LOG = getLogger("editjudge.server.worker")
LOOK = 0.05
"""Seconds between two looks at how far the models are."""


def answer_requests(
    options: ServiceOptions, listener: socket.socket, on_ready: Callable[[], None], *, ready_first: bool = False
) -> None:
    """Opens the models and answers requests until a signal comes, by which what was taken is still answered: SIGTERM
    or SIGHUP, or SIGINT, which raises KeyboardInterrupt then.

    Args:
        options: What the service was told.
        listener: Where clients connect; closed in the end.
        on_ready: Called once, by another thread, when the models are warm.
        ready_first: Whether nothing is taken before that, as others answer meanwhile; else what comes is refused, and
            told that the service starts.

    Raises DeviceError, with what is wrong, where the models cannot be opened.
    """
    telemetry = Telemetry()
    engine = Engine(options, telemetry=telemetry)
    app: ASGIApp = build_app(options, engine, telemetry)
    server = uvicorn.Server(_configure(_ReadyFirst(app, engine) if ready_first else app, options.limits))

    def watch() -> None:
        while engine.state == "starting" and not server.should_exit:
            time.sleep(LOOK)
        if engine.state == "ready":
            telemetry.ready.set(1)
            LOG.info("ready", extra={"fields": {"bundle": options.bundle, "bundle_hash": engine.bundle_hash}})
            on_ready()
        elif engine.state == "failed":
            server.should_exit = True

    with ended_by_signals(server):
        threading.Thread(target=watch, name="editjudge-watch", daemon=True).start()
        try:
            server.run([listener])
        except SystemExit:  # it could not start; why is what the engine tells
            pass
        finally:
            LOG.info("ended")
    if engine.problem is not None:
        raise DeviceError(engine.problem)


class _ReadyFirst:
    """An application that has started only once the models are warm: the web server listens from then on. Where they
    cannot be opened it has failed to start, and the web server exits.
    """

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_later(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                while self._engine.state == "starting":
                    await asyncio.sleep(LOOK)
                if self._engine.state == "failed":
                    message = {"type": "lifespan.startup.failed"}
            await send(message)

        await self._app(scope, receive, send_later if scope["type"] == "lifespan" else send)


def _configure(app: ASGIApp, limits: RequestLimits) -> uvicorn.Config:
    return configure(app, head_seconds=limits.receive_seconds, drain_seconds=drain_seconds(limits))
