"""uvicorn's protocol on httptools, which takes a head of any length and waits for it for ever; here neither."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 64 * 2**10
"""Bytes of a request up to its body; some more are taken where its first part comes with the body before it."""


class BoundedHeads(HttpToolsProtocol):
    """Closes a connection where the head of a request is too long, or does not come to its end in time.

    Args:
        head_seconds: How long a head may take, from when the connection was made or, of later ones, its first byte on.
    """

    def __init__(self, *args: Any, head_seconds: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_seconds = head_seconds
        self._head_length = 0
        self._timer: asyncio.TimerHandle | None = None  # there is one as long as a head is awaited

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), LONGEST_HEAD):
            part, awaited = data[start : start + LONGEST_HEAD], self._timer
            super().data_received(part)
            if self.transport.is_closing():
                return
            if awaited is not None and self._timer is awaited:
                self._head_length += len(part)
                if self._head_length > LONGEST_HEAD:
                    self._refuse(431, f"the head of the request is longer than {LONGEST_HEAD:,} bytes; shorten it")
                    return

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "the request is no HTTP/1.1; send one as the documentation shows")

    def _await_head(self) -> None:
        self._head_length = 0
        self._timer = self.loop.call_later(self._head_seconds, self._give_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self._refuse(408, f"the head of the request took longer than {self._head_seconds:g} s; send it at once")

    def _refuse(self, status: int, message: str) -> None:
        """Answers what no route has seen, in the form of all errors, and closes the connection."""
        self._stop_timer()
        body = json.dumps({"error": {"kind": "InputError", "message": message}}).encode()
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            "connection: close",
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.transport.close()
