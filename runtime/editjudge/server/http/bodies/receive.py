"""Receiving bodies: their kind, how many bytes they have and how long they take, whatever their heads say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from starlette.requests import Request

from editjudge.server.http.refusals import (
    BodyTypeError,
    BusyMemoryError,
    ClientGoneError,
    EndlessBodyError,
    SlowBodyError,
    TooLargeError,
)
from editjudge.server.options import RequestLimits

BodyType = Literal["application/json", "multipart/form-data"]
BODIES = 8
"""So many bodies of the largest size are held at once; smaller ones, many more."""


class BodyMemory:
    """How many bytes all bodies together may take that are held at one time. Of one event loop.

    Whoever sends slowly takes no more of it than was sent, so that nobody is kept out.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    @contextmanager
    def hold(self) -> Iterator[BodyShare]:
        """A share that grows with a body, and is given back at the end of the block."""
        share = BodyShare(self)
        try:
            yield share
        finally:
            self._taken -= share.size

    def take(self, size: int) -> None:
        """Raises BusyMemoryError where there is no room."""
        if self._taken + size > self._most:
            raise BusyMemoryError("the service holds as many bodies as it has memory for; try again soon", 1.0)
        self._taken += size


class BodyShare:
    """What one body takes of the memory. size: in bytes."""

    def __init__(self, memory: BodyMemory) -> None:
        self._memory = memory
        self.size = 0

    def grow(self, size: int) -> None:
        """Raises BusyMemoryError."""
        self._memory.take(size)
        self.size += size


def check_body_type(request: Request) -> BodyType:
    """The kind of a body by its head. Raises BodyTypeError for all but the two that are read, pickles among them."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise BodyTypeError("the body is compressed; send it as it is, without Content-Encoding")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return "application/json"
    if kind == "multipart/form-data":
        return "multipart/form-data"
    raise BodyTypeError("the body is neither multipart/form-data nor application/json; send one of these")


async def receive_body(request: Request, limits: RequestLimits, share: BodyShare) -> bytes:
    """All of a body.

    Raises TooLargeError, EndlessBodyError, SlowBodyError, BusyMemoryError, and ClientGoneError where it ends early.
    """
    told = _read_length(request)
    if told is not None and told > limits.max_bytes:
        raise TooLargeError(_describe_size(limits))
    body = bytearray()
    try:
        async with asyncio.timeout(limits.receive_seconds):
            while True:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError
                piece = message.get("body", b"")
                if len(body) + len(piece) > limits.max_bytes:
                    raise EndlessBodyError(_describe_size(limits))
                share.grow(len(piece))
                body += piece
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise SlowBodyError(
            f"the body did not come within {limits.receive_seconds:g} seconds; send it faster, or smaller pictures"
        ) from None


def _read_length(request: Request) -> int | None:
    """How many bytes a body has by its head; None: it does not say."""
    told = request.headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 20 else None


def _describe_size(limits: RequestLimits) -> str:
    return f"the body has more than the {limits.max_bytes / 2**20:g} MiB that are taken; send smaller pictures"
