"""The web server of a process: how it is set up, and by what it ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from editjudge.server.processes.bounded_heads import BoundedHeads
from editjudge.utils.signals import ENDING, handle_signals

KEPT_ALIVE = 75
"""Seconds that a connection is kept after an answer: longer than a proxy keeps it, which else might send into one that
is just being closed."""


def configure(app: ASGIApp, *, head_seconds: float, drain_seconds: int) -> uvicorn.Config:
    """A web server before an application.

    Args:
        head_seconds: How long the head of a request may take to arrive.
        drain_seconds: How long what was taken may take when it is to end.
    """
    return uvicorn.Config(
        app,
        http=partial(BoundedHeads, head_seconds=head_seconds),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEPT_ALIVE,
        timeout_graceful_shutdown=drain_seconds,
    )


@contextmanager
def ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """In the block they end the server in order, also while it does not listen to them yet, and the process not at
    once, to which uvicorn hands them on when it has ended. One that is ignored, as by nohup, stays so.

    After SIGINT, KeyboardInterrupt is raised at the end of the block: raised wherever it comes, it would leave a
    coroutine that nobody awaits, or be lost in a callback.
    """
    came: list[int] = []

    def end(number: int) -> None:
        server.should_exit = True
        came.append(number)

    with handle_signals((*ENDING, signal.SIGINT), end):
        yield
    if signal.SIGINT in came:
        raise KeyboardInterrupt
