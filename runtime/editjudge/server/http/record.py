"""What is noted of a request on its way, for the log and the counters."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.types import Scope

KEY = "editjudge.record"
"""Where a request carries it."""


@dataclass
class RequestRecord:
    """Notes of a request.

    Attributes:
        request_id: What its client calls it, or else we.
        began: By the monotonic clock.
        received: Bytes of its body, once there.
        items: Edited pictures, once they are known.
        waited: Seconds until a thread took it, once one has; of several questions to the engine, the longest wait.
        instruction: As it came.
        error: The kind of the error that it is answered with.
    """

    request_id: str
    began: float = field(default_factory=time.monotonic)
    received: int | None = None
    items: int | None = None
    waited: float | None = None
    instruction: str | None = None
    error: str | None = None

    def note_wait(self, seconds: float) -> None:
        """The work on it, or on a part of it, begins after that long."""
        self.waited = max(self.waited or 0.0, seconds)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began


def find_record(request: Request) -> RequestRecord:
    """The notes of a request that is on its way."""
    record: RequestRecord = request.scope[KEY]
    return record


def name_route(scope: Scope) -> str:
    """The path of the route that a request came to, as it is written there; "other": it came to none."""
    return str(getattr(scope.get("route"), "path", "other"))
