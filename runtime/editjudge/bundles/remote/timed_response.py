"""HTTP answers that are not waited for without end, however they are dragged out."""

from __future__ import annotations

import io
import socket
import time
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler

HEAD_PATIENCE = 60.0
"""Seconds until all headers of an answer are there, and those that a body may be behind its lowest rate."""
LOWEST_RATE = 1000.0
"""Bytes a second of a body, on average."""


class TimedResponse(HTTPResponse):
    """An answer whose headers come in time, and whose body at no less than the lowest rate; else a TimeoutError.

    The timeout of a socket is for each byte alone: with a byte now and then, or one `100 Continue` after the other, a
    server could be waited for without end.
    """

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self._timed = _TimedStream(self.fp.detach())
        self.fp = io.BufferedReader(self._timed)

    def begin(self) -> None:
        super().begin()
        self._timed.start_body()


class _TimedStream(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw, self._in_body = raw, False
        self._began, self._count = time.monotonic(), 0

    def start_body(self) -> None:
        if not self._in_body:
            self._in_body, self._began = True, time.monotonic()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() - self._began > HEAD_PATIENCE + self._count / LOWEST_RATE:
            raise TimeoutError("too slow" if self._in_body else "no answer in time")
        count: int | None = self._raw.readinto(buffer)
        if self._in_body:
            self._count += count or 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class TimedHTTPHandler(HTTPHandler):
    """Opens http addresses."""

    def do_open(self, http_class: Any, req: Any, **options: Any) -> HTTPResponse:
        return super().do_open(partial(_connect, http_class), req, **options)


class TimedHTTPSHandler(HTTPSHandler):
    """Opens https addresses."""

    def do_open(self, http_class: Any, req: Any, **options: Any) -> HTTPResponse:
        return super().do_open(partial(_connect, http_class), req, **options)


def _connect(http_class: type[HTTPConnection], *arguments: Any, **options: Any) -> HTTPConnection:
    connection = http_class(*arguments, **options)
    connection.response_class = TimedResponse
    return connection
