"""A web application on a free port of this machine, in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import uvicorn

from editjudge.server.processes.bounded_heads import BoundedHeads

SECONDS = 30.0
"""Until it has to listen."""


@contextmanager
def run_app(app: Any) -> Iterator[int]:
    """The port on which it answers until the block ends. Its lifespan is not run: the engine is somebody else's."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            port=0,
            lifespan="off",
            http=partial(BoundedHeads, head_seconds=SECONDS),  # type: ignore[arg-type]
            ws="none",
            log_config=None,
            access_log=False,
        )
    )
    thread = threading.Thread(target=server.run, name="web-app", daemon=True)
    thread.start()
    until = time.monotonic() + SECONDS
    while not server.started:
        assert thread.is_alive(), "it did not start"
        assert time.monotonic() < until, "it does not listen"
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(SECONDS)
    assert not thread.is_alive()
