"""uvicorn's protocol on httptools, which waits for ever for heads of any length, and for bodies; here it does not."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 64 * 2**10
"""Bytes of a request up to its body; some more are taken where its first part comes with the body before it."""


class BoundedHeads(HttpToolsProtocol):
    """Closes a connection where the head of a request is too long, or does not come to its end in time; where headers
    follow a body; and where a body goes on for long after its answer. A request to go on in another protocol is
    answered in this one, as HTTP lets a server do.

    Args:
        head_seconds: How long a head may take, from when the connection was made or, of later ones, its first byte on;
            and how long what is left of a body, from when the answer was given on.
    """

    def __init__(self, *args: Any, head_seconds: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_seconds = head_seconds
        self._length = 0  # of the head so far; of a body, what was received beside it since its last bytes
        self._steps = 0  # how often that began anew
        self._has_head = False  # and its body is not at its end
        self._head_timer: asyncio.TimerHandle | None = None  # there is one as long as a head is awaited
        self._body_timer: asyncio.TimerHandle | None = None  # and here, what is left of a body that nobody reads

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        for start in range(0, len(data), LONGEST_HEAD):
            part, steps = data[start : start + LONGEST_HEAD], self._steps
            self._parse(part)
            if self.transport.is_closing():
                return
            if self._steps == steps:
                self._length += len(part)
                if self._length > LONGEST_HEAD:
                    self._refuse(431, f"{self._name_part()} is longer than {LONGEST_HEAD:,} bytes; shorten it")
                    return

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head_timer is None:
            self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:  # uvicorn would keep them, however many
            self._refuse(400, "headers after the body are not taken; send them before it, or leave them out")
            raise ValueError("headers after the body")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # the head comes once more
        self._stop_timers()
        self._begin_step()
        super().on_headers_complete()
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        self._begin_step()
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._stop_timers()
        self._has_head = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._has_head and self.cycle.response_complete and not self.transport.is_closing():
            self._body_timer = self.loop.call_later(self._head_seconds, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            self._refuse(400, "the request is no HTTP/1.1; send one as the documentation shows")

    def _parse(self, data: bytes) -> None:
        """Hands on what was received. The parser takes all that follows a head with Upgrade for another protocol's,
        and leaves it alone; so such a head is read once more, without that header, and what follows it as its body.
        """
        try:
            while data:
                try:
                    self.parser.feed_data(data)
                    return
                except httptools.HttpParserUpgrade as upgrade:
                    if self.parser.get_method() == b"CONNECT":  # this is no proxy
                        self.send_400_response("")
                        return
                    data = self._write_head() + data[upgrade.args[0] :]
                    self.parser = httptools.HttpRequestParser(self)
                    self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        except httptools.HttpParserError:
            self.send_400_response("")

    def _write_head(self) -> bytes:
        """The head that was read, without the header Upgrade."""
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % (name, value) for name, value in self.headers if name != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _await_head(self) -> None:
        self._begin_step()
        self._head_timer = self.loop.call_later(self._head_seconds, self._give_up)

    def _begin_step(self) -> None:
        self._length = 0
        self._steps += 1

    def _name_part(self) -> str:
        return "what stands beside the body of the request" if self._has_head else "the head of the request"

    def _stop_timers(self) -> None:
        for timer in (self._head_timer, self._body_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._body_timer = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self._refuse(408, f"the head of the request took longer than {self._head_seconds:g} s; send it at once")

    def _refuse(self, status: int, message: str) -> None:
        """Answers what no route has seen, in the form of all errors, and closes the connection."""
        self._stop_timers()
        if self._has_head and self.cycle.response_started:  # it has its answer
            self.transport.close()
            return
        body = json.dumps({"error": {"kind": "InputError", "message": message}}).encode()
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            "connection: close",
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.transport.close()
