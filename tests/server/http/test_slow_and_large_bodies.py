"""Over real connections: bodies that are slow, endless, or lie about their length; and clients that go away."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any

import httpx

from editjudge.datasets.demo import DemoInput
from editjudge.ranking import BATCH
from editjudge.server.app import build_app
from editjudge.server.engine.engine import Engine
from editjudge.server.http.bodies.receive import BODIES
from editjudge.server.options import RequestLimits
from editjudge.server.telemetry import Telemetry
from server.http.conftest import OPTIONS
from support.engine_runs import SECONDS, open_held, wait_until
from support.request_bodies import json_body
from support.web_app import run_app

HEAD = "POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@contextmanager
def connected(port: int, head: str) -> Iterator[socket.socket]:
    """A connection on which the head of a request was sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(f"{head}\r\n".encode())
        yield connection


def read_answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of an answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length"))
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split()[1]), json.loads(body)


def test_one_byte_now_and_then(port: int) -> None:
    """It is given up after its time, and meanwhile others are answered."""
    with connected(port, HEAD + "Content-Length: 1000\r\n") as slow:
        began = time.monotonic()
        while time.monotonic() < began + 1:
            slow.sendall(b" ")
            assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
            time.sleep(0.1)
        status, body = read_answer(slow)
        assert status == 408
        assert body["error"]["kind"] == "SlowBodyError"
        assert "within 4 seconds" in body["error"]["message"]
        assert time.monotonic() - began > 3
        assert slow.recv(100) == b""  # and the connection is closed


def test_a_head_that_tells_of_too_much_is_answered_before_the_body_comes(port: int) -> None:
    with connected(port, HEAD + f"Content-Length: {10**12}\r\n") as connection:
        status, body = read_answer(connection)
    assert (status, body["error"]["kind"]) == (413, "TooLargeError")
    assert "more than the 4 MiB" in body["error"]["message"]


def test_a_body_without_end(port: int) -> None:
    with connected(port, HEAD + "Transfer-Encoding: chunked\r\n") as connection:
        piece = b"100000\r\n" + bytes(0x100000) + b"\r\n"
        sent = 0
        with suppress(OSError):  # of its answer nothing may come through, as the client sends on
            while sent < 200:
                connection.sendall(piece)
                sent += 1
    assert sent < 200


def test_a_body_in_chunks(port: int, color: DemoInput) -> None:
    content = json.dumps(json_body(color)).encode()
    answer = httpx.post(
        f"http://127.0.0.1:{port}/v1/score",
        content=(content[i : i + 1000] for i in range(0, len(content), 1000)),
        headers={"Content-Type": "application/json"},
        timeout=60,
    )
    assert answer.status_code == 200


def test_a_client_that_goes_away_while_it_sends(port: int) -> None:
    with connected(port, HEAD + "Content-Length: 1000\r\n") as connection:
        connection.sendall(b"{")
    assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200


def test_of_what_a_client_asked_for_that_goes_away_no_more_is_begun(color: DemoInput) -> None:
    """Of long rankings the first is with the models when its client goes, and the others wait: of that one no more than
    was begun is looked at, and of the others not even the original.
    """
    telemetry = Telemetry()
    with (
        open_held(bundle="studio", telemetry=telemetry) as (engine, scorer),
        run_app(build_app(OPTIONS, engine, telemetry)) as port,
    ):
        warmed_up = count_scores(port)
        scorer.gate.clear()
        scorer.entered.clear()
        try:
            for turn in range(3):
                body = json_body(color, instruction=f"Make the car blue, {turn} times.")
                content = json.dumps(body | {"edited": [body["edited"]] * 40}).encode()
                head = HEAD.replace("/v1/score", "/v1/rank") + f"Content-Length: {len(content)}\r\n"
                with connected(port, head) as connection:
                    connection.sendall(content)
                    assert scorer.entered.wait(SECONDS)
                    assert wait_until(lambda: engine.waiting == 1)  # what is left of the first, or all of another
                assert wait_until(lambda: engine.waiting == 0)
        finally:
            scorer.gate.set()
        answer = httpx.post(f"http://127.0.0.1:{port}/v1/score", json=json_body(color), timeout=SECONDS)
        assert answer.status_code == 200
        assert scorer.originals == 2
        assert count_scores(port) - warmed_up <= BATCH + 1
        counted = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert 'editjudge_requests_total{route="/v1/rank",status="499"} 3.0' in counted


def count_scores(port: int) -> float:
    """How many edited pictures were looked at."""
    counted = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    found = re.findall(r"^editjudge_stage_seconds_count\{.*\} (.*)$", counted, re.MULTILINE)
    return max(map(float, found), default=0.0)


def test_more_bodies_than_there_is_memory_for(engine: Engine, color: DemoInput) -> None:
    """Those that come in while others are held are told to come back; once these are gone, there is room again."""
    options = replace(OPTIONS, limits=RequestLimits(max_bytes=2**20))
    content = json.dumps(json_body(color)).encode()
    with run_app(build_app(options, engine, Telemetry())) as port:
        address, headers = f"http://127.0.0.1:{port}/v1/score", {"Content-Type": "application/json"}
        with ExitStack() as held:
            for _ in range(BODIES):
                connection = held.enter_context(connected(port, HEAD + f"Content-Length: {2**20}\r\n"))
                connection.sendall(b" " * (2**20 - 1))
            time.sleep(0.5)
            refused = httpx.post(address, content=content, headers=headers)
            assert (refused.status_code, refused.json()["error"]["kind"]) == (503, "BusyMemoryError")
            assert int(refused.headers["Retry-After"]) >= 1
        answer = refused
        until = time.monotonic() + 10
        while answer.status_code == 503 and time.monotonic() < until:
            answer = httpx.post(address, content=content, headers=headers, timeout=60)
        assert answer.status_code == 200
