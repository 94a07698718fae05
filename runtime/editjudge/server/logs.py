"""The log of a service: a line of JSON on stderr for each request, and for whatever else there is to say.

It never holds pictures, and instructions only where they were asked for. JSON is written as ASCII, so that nothing that
a client sends can end a line, hide one, or move a terminal's cursor.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from editjudge.utils.json_safe import to_json

REQUESTS = logging.getLogger("editjudge.server.requests")
TOLD = {"editjudge.server": logging.INFO, "uvicorn": logging.WARNING, "py.warnings": logging.WARNING}
"""The loggers whose records are written, and from which level on: our own, the web server's, and Python's warnings."""
REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
LONGEST_INSTRUCTION = 500
"""Characters of an instruction that are written: what writes to the same pipe is to find lines whole."""


@dataclass(frozen=True)
class LoggedRequest:
    """What is written of a request that was answered.

    Attributes:
        request_id: By which client and log mean the same request.
        method, route: As "POST" and "/v1/score": the route's own path, nothing that the client made up.
        status: Of the answer.
        ms: From the head of the request to its answer.
        waited_ms: Of these, how long it waited for a thread; None: it asked for no thread.
        items: Edited pictures; None: it got no further than its body.
        received: Bytes of its body.
        error: The kind of the error that it was answered with; None: none.
        instruction: None: there is none, or it is not to be written.
    """

    request_id: str
    method: str
    route: str
    status: int
    ms: float
    waited_ms: float | None = None
    items: int | None = None
    received: int | None = None
    error: str | None = None
    instruction: str | None = None


def log_request(request: LoggedRequest) -> None:
    """Writes the line of a request."""
    fields = asdict(request)
    instruction = fields.pop("instruction")
    if instruction is not None:
        fields["instruction"] = instruction[:LONGEST_INSTRUCTION]
    fields["ms"] = round(request.ms, 1)
    if request.waited_ms is not None:
        fields["waited_ms"] = round(request.waited_ms, 1)
    REQUESTS.info("request", extra={"fields": fields})


def choose_request_id(offered: str | None) -> str:
    """The name that a client gave its request, where it is short and plain; else a new one."""
    return offered if offered is not None and REQUEST_ID.fullmatch(offered) else secrets.token_hex(8)


def write_logs(**fields: Any) -> None:
    """From now on this process writes its log; `fields` stand in each line, as the number of a worker."""
    handler = JsonHandler(fields)
    logging.captureWarnings(True)
    for name, level in TOLD.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


class JsonHandler(logging.Handler):
    """Writes each record as one line. A log that nobody reads any more is no reason to fail."""

    LEVELS: ClassVar = {"WARNING": "warning", "ERROR": "error", "CRITICAL": "error"}

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__()
        self._fields = fields

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):  # ValueError: it is closed
            sys.stderr.write(f"{to_json(self._describe(record))}\n")
            sys.stderr.flush()

    def _describe(self, record: logging.LogRecord) -> dict[str, Any]:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": self.LEVELS.get(record.levelname, "info"),
            "event": record.getMessage(),
            **self._fields,
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= _describe_error(record.exc_info[1])
        return line


def _describe_error(error: BaseException) -> dict[str, Any]:
    """Its kind and where it was raised; not its words, which may repeat what a client sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "raised_at": [f"{one.filename}:{one.lineno} {one.name}" for one in frames]}
