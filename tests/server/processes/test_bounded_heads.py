"""What uvicorn itself does not bound: heads, what follows a body, and bodies that nobody reads; and Upgrade."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import uvicorn

from editjudge.server.processes.bounded_heads import LONGEST_HEAD, BoundedHeads
from editjudge.server.processes.listener import listen_on_port

ADDRESS = tuple[str, int]
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


async def echo_length(scope: Any, receive: Any, send: Any) -> None:
    """Answers how many bytes the body has."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Answers at once, whatever the body is."""
    await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"no"})


@contextmanager
def serving(app: Any = echo_length, head_seconds: float = 30.0) -> Iterator[ADDRESS]:
    protocol = partial(BoundedHeads, head_seconds=head_seconds)
    config = uvicorn.Config(app, http=protocol, ws="none", lifespan="off", log_config=None)  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    with listen_on_port("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        address = listener.getsockname()
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


def read_answer(client: socket.socket) -> tuple[int, bytes]:
    """The status and the body of one answer."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += client.recv(1 << 16) or pytest.fail(f"the connection ended after {text!r}")
    head, body = text.split(b"\r\n\r\n", 1)
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    while len(body) < length:
        body += client.recv(1 << 16)
    return int(head.split()[1]), body


def message(body: bytes) -> str:
    told = json.loads(body)["error"]
    assert told["kind"] == "InputError"
    return str(told["message"])


def test_requests_follow_one_another_on_a_connection() -> None:
    with serving() as address, socket.create_connection(address, timeout=20) as client:
        for length in (0, 3, 200_000):
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length + length * b"x")
            assert read_answer(client) == (200, b"%d" % length)
        both = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" * 2
        client.sendall(both)
        assert read_answer(client)[0] == 200


def test_a_head_may_be_long_but_not_longer() -> None:
    for length, status in ((LONGEST_HEAD - 1000, 200), (LONGEST_HEAD, 431)):
        with serving() as address, socket.create_connection(address, timeout=20) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + length * b"x")
            if status == 200:
                client.sendall(b"\r\n\r\n")
            answered, body = read_answer(client)
            assert answered == status
            if status == 431:
                assert "longer than 65,536 bytes" in message(body)
                assert client.recv(1) == b""


def test_a_later_head_is_bounded_as_well() -> None:
    with serving() as address, socket.create_connection(address, timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_answer(client)[0] == 200
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + 2 * LONGEST_HEAD * b"x")
        assert read_answer(client)[0] == 431


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_head_that_does_not_end_is_not_waited_for(begun: bytes) -> None:
    with serving(head_seconds=0.4) as address, socket.create_connection(address, timeout=20) as client:
        client.sendall(begun)
        status, body = read_answer(client)
        assert (status, client.recv(1)) == (408, b"")
        assert "took longer than 0.4 s" in message(body)


def test_a_body_may_take_longer_than_a_head() -> None:
    with serving(head_seconds=0.4) as address, socket.create_connection(address, timeout=20) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
        time.sleep(0.8)
        client.sendall(b"y")
        assert read_answer(client) == (200, b"2")


def test_what_is_no_http_is_told_so() -> None:
    with serving() as address, socket.create_connection(address, timeout=20) as client:
        client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
        status, body = read_answer(client)
        assert status == 400
        assert "no HTTP/1.1" in message(body)


@pytest.mark.parametrize("app", [echo_length, refuse])
def test_headers_after_a_body_end_the_connection(app: Any) -> None:
    """They are told so where there is no answer yet."""
    with serving(app) as address, socket.create_connection(address, timeout=20) as client:
        client.sendall(CHUNKED + b"1\r\nx\r\n")
        if app is refuse:
            assert read_answer(client) == (401, b"no")
        client.sendall(b"0\r\nX-After: 1\r\n")
        client.sendall(b"X-More: 1\r\n")
        if app is echo_length:
            status, body = read_answer(client)
            assert status == 400
            assert "headers after the body" in message(body)
        assert client.recv(1) == b""


@pytest.mark.parametrize("begun", [b"0\r\nX-", b"1;"], ids=["header", "extension"])
def test_what_stands_beside_a_body_is_bounded(begun: bytes) -> None:
    with serving() as address, socket.create_connection(address, timeout=20) as client:
        client.sendall(CHUNKED + begun)
        client.sendall(2 * LONGEST_HEAD * b"x")
        status, body = read_answer(client)
        assert status == 431
        assert "beside the body" in message(body)


def test_many_small_chunks_are_a_body() -> None:
    with serving() as address, socket.create_connection(address, timeout=20) as client:
        client.sendall(CHUNKED + 2 * LONGEST_HEAD * b"1\r\nx\r\n" + b"0\r\n\r\n")
        assert read_answer(client) == (200, b"%d" % (2 * LONGEST_HEAD))


def test_what_is_left_of_a_refused_body_is_not_waited_for() -> None:
    with serving(refuse, head_seconds=0.4) as address, socket.create_connection(address, timeout=20) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        assert read_answer(client) == (401, b"no")
        client.settimeout(0.1)
        for _ in range(100):
            try:
                client.sendall(b"x")
                assert client.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                pass
            return
        pytest.fail("it is waited for")


def test_a_refused_body_that_comes_to_its_end_leaves_the_connection_open() -> None:
    with serving(refuse, head_seconds=0.4) as address, socket.create_connection(address, timeout=20) as client:
        for _ in range(2):
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
            assert read_answer(client) == (401, b"no")
            client.sendall(b"y")
            time.sleep(0.8)


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
@pytest.mark.parametrize("length", [0, 3, 200_000])
def test_a_request_for_another_protocol_is_answered_in_this_one(
    protocol: bytes, length: int, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade = (
        b"Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: %b\r\nHTTP2-Settings: AAMAAABk\r\n" % protocol
    )
    head = b"POST /a?b=c HTTP/1.1\r\n" + upgrade
    with serving() as address, socket.create_connection(address, timeout=20) as client:
        for half in (head[:30], head[30:]):
            client.sendall(half)
            time.sleep(0.05)  # so that they come one by one
        client.sendall(b"Content-Length: %d\r\n\r\n" % length + length * b"x")
        assert read_answer(client) == (200, b"%d" % length)
        client.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
        assert read_answer(client) == (200, b"2")
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_answer(client) == (200, b"0")
    assert not caplog.records


def test_it_is_no_proxy() -> None:
    for target in (b"a:80", b"/"):
        with serving() as address, socket.create_connection(address, timeout=20) as client:
            client.sendall(b"CONNECT %b HTTP/1.1\r\nHost: a\r\n\r\n" % target)
            assert read_answer(client)[0] == 400
            assert client.recv(1) == b""
