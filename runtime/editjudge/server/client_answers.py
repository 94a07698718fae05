"""What a service answers to a client: the JSON of a command, or the error that it tells of."""

from __future__ import annotations

from typing import Any

from editjudge import errors
from editjudge.errors import EditJudgeError, InputError
from editjudge.server.engine.refusal import NotReadyError, QueueFullError, RefusedError
from editjudge.utils.text import printable

BUSY = (429, 503)
"""Statuses of a service that may answer later."""
REFUSALS: dict[str, type[RefusedError]] = {
    "QueueFullError": QueueFullError,
    "NotReadyError": NotReadyError,
    "OverdueError": RefusedError,
    "BusyMemoryError": RefusedError,
    "RefusedError": RefusedError,
}
"""What is raised where a service was busy each time, by the kind of error that it tells of."""
LONGEST_SAID = 300
"""Characters of an answer that is none of ours, in a message."""


class ServiceError(EditJudgeError):
    """A service cannot be reached, does not answer in time, or answers what none of this package would."""

    exit_status = 3


class UnreachedError(ServiceError):
    """Nobody takes connections where the service should be."""


def read_answer(response: Any, name: str) -> dict[str, Any]:
    """The content of a response of httpx from the service that messages call `name`. Raises ServiceError for what is
    none of ours.
    """
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise describe_stranger(name)
    return answer


def read_error(response: Any, name: str) -> EditJudgeError:
    """The error that the service tells of, as the class that a Scorer raises, or a kind of RefusedError."""
    status = response.status_code
    try:
        told = response.json()["error"]
        kind, message = str(told["kind"]), str(told["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        said = printable(" ".join(response.text.split()))[:LONGEST_SAID]
        return ServiceError(f"{name} answers with status {status} and no reason of ours: {said or 'nothing'}")
    if status in BUSY and kind in REFUSALS:
        return REFUSALS[kind](message, read_seconds(response) or 1.0)
    known_error = getattr(errors, kind, None)
    if isinstance(known_error, type) and issubclass(known_error, EditJudgeError):
        return known_error(message)
    return InputError(message) if status < 500 else ServiceError(message)


def read_seconds(response: Any) -> float | None:
    """How long to wait, by the header Retry-After; None: it does not say so in seconds."""
    value = response.headers.get("Retry-After")
    return float(value) if value is not None and value.isascii() and value.isdigit() else None


def describe_stranger(name: str) -> ServiceError:
    """What answers is no service of this package."""
    return ServiceError(f"what answers at {name} is no editjudge; check the address")
