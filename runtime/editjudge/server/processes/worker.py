"""One process of a service: the models, its own queue, and the web server before them."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from logging import getLogger
from types import FrameType

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from editjudge.errors import DeviceError
from editjudge.server.app import build_app
from editjudge.server.engine.engine import Engine
from editjudge.server.options import ServiceOptions
from editjudge.server.processes.bounded_heads import BoundedHeads
from editjudge.server.processes.drain import drain_seconds
from editjudge.server.telemetry import Telemetry
from editjudge.utils.signals import ENDING

LOG = getLogger("editjudge.server.worker")
LOOK = 0.05
"""Seconds between two looks at how far the models are."""
KEPT_ALIVE = 75
"""Seconds that a connection is kept after an answer: longer than a proxy keeps it, which else might send into one that
is just being closed."""


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
    server = uvicorn.Server(_configure(_ReadyFirst(app, engine) if ready_first else app, options))

    def watch() -> None:
        while engine.state == "starting" and not server.should_exit:
            time.sleep(LOOK)
        if engine.state == "ready":
            telemetry.ready.set(1)
            LOG.info("ready", extra={"fields": {"bundle": options.bundle, "bundle_hash": engine.bundle_hash}})
            on_ready()
        elif engine.state == "failed":
            server.should_exit = True

    with _ended_by_signals(server):
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


def _configure(app: ASGIApp, options: ServiceOptions) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=partial(BoundedHeads, head_seconds=options.limits.receive_seconds),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEPT_ALIVE,
        timeout_graceful_shutdown=drain_seconds(options.limits),
    )


@contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """In the block they end the server in order, also while it does not listen to them yet, and the process not at
    once, to which uvicorn hands them on when it has ended. One that is ignored, as by nohup, stays so.
    """

    def end(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    handled = [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
