"""What a service says where it gives no result: an error as its status and one sentence in JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

from editjudge.errors import BundleError, DeviceError, EditJudgeError, InputError, JudgeError
from editjudge.server.engine.refusal import QueueFullError, RefusedError
from editjudge.utils.oom import lacks_memory
from editjudge.utils.text import printable

SOON, LATER = 2.0, 30.0
"""Seconds until there may be memory again; until a bundle or a device may be."""


class HttpError(EditJudgeError):
    """A request that is not taken as it stands. status: of the answer; closes: whether its connection ends with it."""

    status: ClassVar[int] = 400
    closes: ClassVar[bool] = False


class TokenError(HttpError):
    """The token is missing or is another one."""

    status = 401


class OriginError(HttpError):
    """A page of another site asks, in somebody's browser."""

    status = 403


class SlowBodyError(HttpError):
    """The body does not come within the time that is given for it."""

    status = 408
    closes = True


class TooLargeError(HttpError):
    """There are more bytes, pixels or items than a request may have."""

    status = 413


class EndlessBodyError(TooLargeError):
    """The body goes on beyond what it may have, and did not say where it ends."""

    closes = True


class BodyTypeError(HttpError):
    """The body is of a kind that is not read."""

    status = 415


class OverdueError(RefusedError):
    """A request was taken, and not answered within the time that is given for it."""


class BusyMemoryError(RefusedError):
    """The bodies of other requests take up the memory that there is for bodies."""


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class ErrorAnswer:
    """An error as it is answered.

    Attributes:
        kind: The name of its class, as of those of `editjudge.errors`.
        message: One sentence.
        headers: Beside those that every answer has.
    """

    status: int
    kind: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"kind": self.kind, "message": self.message}}


def describe_error(error: Exception) -> ErrorAnswer:
    """How an error is answered; one that is nobody's intention is a bug of ours, and said to be one."""
    message, kind = printable(str(error)), type(error).__name__
    if isinstance(error, HttpError):
        headers = {"Connection": "close"} if error.closes else {}
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return ErrorAnswer(error.status, kind, message, headers)
    if lacks_memory(error):
        said = message if isinstance(error, EditJudgeError) else "there is not enough memory for this now; try it later"
        return ErrorAnswer(503, "OutOfMemoryError", said, _retry(SOON))
    if isinstance(error, RefusedError):
        return ErrorAnswer(429 if isinstance(error, QueueFullError) else 503, kind, message, _retry(error.retry_after))
    if isinstance(error, InputError):
        return ErrorAnswer(400, kind, message)
    if isinstance(error, BundleError | DeviceError | JudgeError):
        return ErrorAnswer(503, kind, message, _retry(LATER))
    return ErrorAnswer(500, "InternalError", f"the request met a bug of the service, of the kind {kind}; report it")


def _retry(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, math.ceil(seconds)))}
