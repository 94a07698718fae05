"""What a service says of itself: whether it is ready, why it is not, what it counts, and what its log holds."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest
from anyio import create_task_group, fail_after, to_thread
from anyio import run as anyio_run
from anyio.lowlevel import checkpoint
from starlette.testclient import TestClient

import editjudge
from editjudge.datasets.demo import DemoInput
from editjudge.server.app import build_app
from editjudge.server.engine.engine import Engine
from editjudge.server.engine.refusal import QueueFullError
from editjudge.server.engine.request import Answer, ScoringRequest
from editjudge.server.options import ServiceOptions
from editjudge.server.telemetry import Telemetry
from server.http.conftest import OPTIONS, SECONDS, OpenClient
from support.request_bodies import json_body


def client_of(engine: Engine, options: ServiceOptions = OPTIONS) -> TestClient:
    return TestClient(build_app(options, engine, Telemetry()), base_url="http://localhost")


def test_ready(client: TestClient, engine: Engine) -> None:
    answer = client.get("/health")
    content = answer.json()
    rewards = content.pop("rewards")
    assert answer.status_code == 200
    assert content == {
        "status": "ready",
        "problem": None,
        "bundle": "studio",
        "bundle_hash": engine.bundle_hash,
        "version": editjudge.__version__,
        "device": "cpu",
        "waiting": 0,
    }
    assert {"reward", "l2"} <= set(rewards)
    assert answer.headers["Editjudge-Bundle"] == f"studio {engine.bundle_hash}"


@pytest.mark.parametrize("state", ["starting", "draining", "failed"])
def test_not_ready(state: str, color: DemoInput) -> None:
    options = replace(OPTIONS, bundle="/no/such/nowhere") if state == "failed" else OPTIONS
    engine = Engine(options)
    if state == "draining":
        engine.drain(0.0)
    if state == "failed":
        engine.start()
        until = time.monotonic() + SECONDS
        while engine.state == "starting" and time.monotonic() < until:
            time.sleep(0.01)
    client = client_of(engine, options)
    health = client.get("/health")
    assert (health.status_code, health.json()["status"]) == (503, state)
    assert (health.json()["problem"] is not None) == (state == "failed")
    assert "nowhere" not in str(health.json()["problem"])  # who shows no token learns no path
    assert health.headers["Editjudge-Bundle"] == options.bundle.rpartition("/")[2]
    answer = client.post("/v1/score", json=json_body(color))
    assert (answer.status_code, answer.json()["error"]["kind"]) == (503, "NotReadyError")
    assert int(health.headers["Retry-After"]) >= 1
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_bundle_that_went_missing(engine: Engine, color: DemoInput) -> None:
    client = client_of(engine, replace(OPTIONS, bundle="/no/such/nowhere"))
    for answer in (  # what is open still answers
        client.get("/health"),
        client.get("/rewards"),
        client.post("/score", json={"requests": []}),
        client.post("/v1/score", json=json_body(color, metrics="l2")),
    ):
        assert answer.status_code == 200
    assert client.get("/health").json()["rewards"].keys() == set(client.get("/rewards").json()["rewards"])


def test_rewards_are_not_told_before_the_bundle_is_open() -> None:
    answer = client_of(Engine(OPTIONS)).get("/rewards")
    assert (answer.status_code, answer.json()["error"]["kind"]) == (503, "NotReadyError")


def test_health_waits_for_no_thread_of_the_pool(engine: Engine) -> None:
    """Though bodies keep all of them busy."""

    async def ask_health() -> int:
        limiter = to_thread.current_default_thread_limiter()
        limiter.total_tokens = 1
        go = threading.Event()
        transport = httpx.ASGITransport(build_app(OPTIONS, engine, Telemetry()))
        async with (
            create_task_group() as tasks,
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as asking,
        ):
            tasks.start_soon(to_thread.run_sync, go.wait)
            while not limiter.borrowed_tokens:
                await checkpoint()
            try:
                with fail_after(SECONDS):
                    return (await asking.get("/health")).status_code
            finally:
                go.set()

    with ThreadPoolExecutor(1) as own:  # where no other test has left traces of an event loop of its own
        assert own.submit(anyio_run, ask_health).result() == 200


def test_a_full_queue(client: TestClient, engine: Engine, color: DemoInput) -> None:
    edited = (color.candidates[0].file.read_bytes(),) * 60
    taken: list[Future[Answer]] = []
    original = color.original.read_bytes()
    with suppress(QueueFullError):
        while len(taken) < 100:
            asked = ScoringRequest("rank", original, edited, f"Make the car blue {len(taken)}.")
            taken.append(engine.submit(asked))
    assert len(taken) < 100
    try:
        answers = [client.post("/v1/score", json=json_body(color)), client.post("/score", json={"requests": []})]
        waiting = client.get("/health").json()["waiting"]
    finally:
        for future in taken:
            future.cancel()
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["kind"]) == (429, "QueueFullError")
        assert int(answer.headers["Retry-After"]) >= 1
    assert waiting >= OPTIONS.queue  # with what is left of those that were begun
    assert 'editjudge_refused_total{reason="QueueFullError"}' in client.get("/metrics").text
    assert client.post("/v1/score", json=json_body(color)).status_code == 200


def test_what_takes_too_long(open_client: OpenClient, color: DemoInput) -> None:
    answer = open_client({"answer_seconds": 0.001}).post("/v1/score", json=json_body(color))
    assert (answer.status_code, answer.json()["error"]["kind"]) == (503, "OverdueError")


def test_requests_are_counted_by_their_routes(open_client: OpenClient, color: DemoInput) -> None:
    client = open_client()
    client.post("/v1/reward", json=json_body(color))
    client.post("/v1/reward", content=b"x", headers={"Content-Type": "application/x-pickle"})
    client.get("/nowhere/at/all")
    counted = client.get("/metrics")
    assert counted.headers["Content-Type"].startswith("text/plain")
    for line in (
        'editjudge_requests_total{route="/v1/reward",status="200"} 1.0',
        'editjudge_requests_total{route="/v1/reward",status="415"} 1.0',
        'editjudge_requests_total{route="other",status="404"} 1.0',
        'editjudge_request_seconds_count{route="/v1/reward"} 2.0',
        'editjudge_refused_total{reason="BodyTypeError"} 1.0',
    ):
        assert line in counted.text


@pytest.mark.parametrize("told", [True, False])
def test_the_log_of_a_request(
    open_client: OpenClient, color: DemoInput, caplog: pytest.LogCaptureFixture, told: bool
) -> None:
    logger = logging.getLogger("editjudge.server.requests")
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.INFO, "editjudge.server.requests"):
            client = open_client(log_instructions=told)
            body = json_body(color)
            answer = client.post("/v1/score?path=/secret", json=body, headers={"X-Request-Id": "abc.1"})
            client.post("/v1/score", json={"original": "x"}, headers={"X-Request-Id": "bad id\x1b"})
    finally:
        logger.removeHandler(caplog.handler)
    lines: list[dict[str, Any]] = [record.fields for record in caplog.records if hasattr(record, "fields")]
    scored, refused = lines[0], lines[-1]
    assert answer.headers["X-Request-Id"] == scored["request_id"] == "abc.1"
    assert (scored["method"], scored["route"], scored["status"], scored["items"]) == ("POST", "/v1/score", 200, 1)
    assert scored["received"] > len(body["original"])
    assert scored["ms"] > 0
    assert scored.get("instruction") == (color.instruction if told else None)
    assert "secret" not in str(lines)
    assert body["original"][:100] not in str(lines)
    assert (refused["status"], refused["error"]) == (400, "ImageError")
    assert "\x1b" not in refused["request_id"]
