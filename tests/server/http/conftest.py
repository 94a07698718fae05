"""What the tests of the service's HTTP share: an engine with the studio bundle, and applications before it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.server.app import build_app
from editjudge.server.engine.engine import Engine
from editjudge.server.options import RequestLimits, ServiceOptions
from editjudge.server.telemetry import Telemetry
from support.web_app import run_app

OpenClient = Callable[..., TestClient]
OPTIONS = ServiceOptions(device="cpu", queue=8)
SECONDS = 60.0


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The real one, ready."""
    engine = Engine(OPTIONS)
    engine.start()
    until = time.monotonic() + SECONDS
    while engine.state == "starting" and time.monotonic() < until:
        time.sleep(0.02)
    assert engine.state == "ready", engine.problem
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def open_client(engine: Engine) -> OpenClient:
    """Opens a client of an application with these options and limits, before the one engine."""

    def build(limits: dict[str, Any] | None = None, **options: Any) -> TestClient:
        chosen = replace(OPTIONS, limits=RequestLimits(**(limits or {})), **options)
        app = build_app(chosen, engine, Telemetry())
        return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)

    return build


@pytest.fixture(scope="session")
def client(open_client: OpenClient) -> TestClient:
    """A client of an application as it is by default."""
    return open_client()


@pytest.fixture(scope="session")
def port(engine: Engine) -> Iterator[int]:
    """The port of a real server, that takes no body of more than 4 MiB or 4 seconds."""
    options = replace(OPTIONS, limits=RequestLimits(max_bytes=4 * 2**20, receive_seconds=4.0))
    with run_app(build_app(options, engine, Telemetry())) as port:
        yield port


@pytest.fixture(scope="session")
def color() -> DemoInput:
    """An edit of the demo, with its candidates."""
    return next(each for each in load_demo() if each.id == "color")


def error_of(answer: Any, status: int) -> str:
    """The sentence of an error with this status."""
    assert answer.status_code == status, answer.text[:500]
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert set(error) == {"kind", "message"}
    message: str = error["message"]
    assert message
    assert "\n" not in message
    assert len(message) < 600
    assert not message.endswith(".")
    assert answer.headers["Editjudge-Bundle"].startswith("studio sha256:")
    assert ("Retry-After" in answer.headers) == (status in (429, 503))
    return message
