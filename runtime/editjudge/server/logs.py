"""The log of a service: a line of JSON on stderr for each request, and for whatever else there is to say.

It never holds pictures, and instructions only where they were asked for. JSON is written as ASCII, so that nothing that
a client sends can end a line, hide one, or move a terminal's cursor.
"""

from __future__ import annotations

import logging
import os
import queue
import re
import secrets
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from typing import Any, ClassVar

from editjudge.utils.json_safe import to_json

REQUESTS = logging.getLogger("editjudge.server.requests")
TOLD = {"editjudge.server": logging.INFO, "uvicorn": logging.WARNING, "py.warnings": logging.WARNING}
"""The loggers whose records are written, and from which level on: our own, the web server's, and Python's warnings."""
REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
LONGEST_INSTRUCTION = 500
"""Characters of an instruction that are written."""
LONGEST_LINE = 4000
"""Bytes: what writes to the same pipe is to find lines whole, and a pipe takes 4,096 at once on every system."""
SHORTER = (250, 40)
"""Characters of each text in a line that would be longer, tried in turn."""
MOST_PLACES = 8
"""Of those where an error was raised, in such a line; the last ones."""
MOST_WAITING = 4096
"""Lines that wait to be written; where nobody reads them, those that follow are dropped, and counted."""
FLUSH_SECONDS = 2.0
"""How long the end waits for somebody to read what is not written yet."""


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
    """From now on this process writes its log; `fields` stand in each line, as the number of a worker. What waits is
    written before the process ends.
    """
    handler = JsonHandler(fields)
    logging.captureWarnings(True)
    for name, level in TOLD.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


def flush_logs() -> None:
    """What waits is written now, as far as somebody reads it: before what else goes to stderr, it comes first."""
    for name in TOLD:
        for handler in logging.getLogger(name).handlers:
            handler.flush()


class JsonHandler(QueueHandler):
    """Makes each record a line, which a thread of its own writes: whoever logs never waits for who reads. A log that
    nobody reads any more is no reason to fail.
    """

    LEVELS: ClassVar = {"WARNING": "warning", "ERROR": "error", "CRITICAL": "error"}

    def __init__(self, fields: dict[str, Any]) -> None:
        self._lines: queue.Queue[logging.LogRecord] = queue.Queue(MOST_WAITING)
        super().__init__(self._lines)
        self._fields = fields
        self._dropped = 0
        QueueListener(self._lines, LineWriter()).start()

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """A record whose message is the line."""
        return logging.makeLogRecord({"msg": write_line(self._describe(record))})

    def enqueue(self, record: logging.LogRecord) -> None:
        """Called by one thread at a time."""
        try:
            self._tell_dropped()
            self._lines.put_nowait(record)
        except queue.Full:
            self._dropped += 1

    def flush(self) -> None:
        """Waits until all lines are written, or for FLUSH_SECONDS."""
        end = time.monotonic() + FLUSH_SECONDS
        while self._lines.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.005)
        with suppress(queue.Full):
            self._tell_dropped()
        while self._lines.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.005)

    def _tell_dropped(self) -> None:
        """Raises queue.Full."""
        if self._dropped:
            told = {"levelno": logging.WARNING, "levelname": "WARNING", "msg": "lines of the log were dropped"}
            record = logging.makeLogRecord({**told, "fields": {"dropped": self._dropped}})
            self._lines.put_nowait(self.prepare(record))
            self._dropped = 0

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


class LineWriter(logging.Handler):
    """Writes lines to stderr, each at once. One thread does, without a lock: at the end of the process, logging takes
    those of all handlers, while that thread may wait for a reader.
    """

    def createLock(self) -> None:  # noqa: N802
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{record.getMessage()}\n"
        with suppress(OSError, ValueError, AttributeError):  # ValueError: it is closed; AttributeError: there is none
            try:
                number = sys.stderr.fileno()
            except OSError:  # it is no file
                sys.stderr.write(line)
                sys.stderr.flush()
            else:
                # Not by sys.stderr, whose lock the end of the process needs while this may wait for a reader.
                os.write(number, line.encode("ascii"))


def write_line(fields: dict[str, Any]) -> str:
    """The JSON, in ASCII, of at most LONGEST_LINE; texts of a longer one are cut."""
    line = to_json(fields)
    for longest in SHORTER:
        if len(line) > LONGEST_LINE:
            line = to_json({name: _cut(value, longest) for name, value in fields.items()})
    return line


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, list):
        return [_cut(entry, longest) for entry in value[-MOST_PLACES:]]
    return f"{value[:longest]}..." if isinstance(value, str) and len(value) > longest else value


def _describe_error(error: BaseException) -> dict[str, Any]:
    """Its kind and where it was raised; not its words, which may repeat what a client sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "raised_at": [f"{one.filename}:{one.lineno} {one.name}" for one in frames]}
