"""The log: a line of JSON for each record, whatever it holds, and nothing in it that is a client's secret."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from editjudge.server.logs import MOST_WAITING, TOLD, LoggedRequest, choose_request_id, log_request, write_logs

LOG = logging.getLogger("editjudge.server.any")


@pytest.fixture(autouse=True)
def logs(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """They are written within a test, with the number of a worker, and as before after it."""
    loggers = [logging.getLogger(name) for name in TOLD]
    before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
    write_logs(worker=7)
    yield
    logging.captureWarnings(False)
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def flush() -> None:
    for handler in logging.getLogger("editjudge.server").handlers:
        handler.flush()


def written(capfd: pytest.CaptureFixture[str]) -> str:
    """All that was logged."""
    flush()
    return capfd.readouterr().err


def test_the_line_of_a_request(capfd: pytest.CaptureFixture[str]) -> None:
    log_request(LoggedRequest("a1", "POST", "/v1/score", 200, 12.345, 3.21, 1, 4096))
    line = json.loads(written(capfd))
    assert abs(datetime.now(UTC) - datetime.fromisoformat(line.pop("time"))) < timedelta(minutes=1)
    assert line == {
        "level": "info", "event": "request", "worker": 7, "request_id": "a1", "method": "POST", "route": "/v1/score",
        "status": 200, "ms": 12.3, "waited_ms": 3.2, "items": 1, "received": 4096, "error": None,
    }  # fmt: skip


def test_an_instruction_is_written_where_it_is_handed_over(capfd: pytest.CaptureFixture[str]) -> None:
    log_request(LoggedRequest("a1", "POST", "/v1/score", 200, 1.0, instruction="Make it blue."))
    log_request(LoggedRequest("a2", "POST", "/v1/score", 200, 1.0, instruction="x" * 10_000))
    short, long = map(json.loads, written(capfd).splitlines())
    assert short["instruction"] == "Make it blue."
    assert long["instruction"] == "x" * 500


@pytest.mark.parametrize(
    "text",
    ["two\nlines\r\n", "\x1b[2J\x07", "a\u2028b\u2029c\x85d", "\u202eevil", "\ud800", '"}\n{"level": "error"', "é😀"],
)
def test_nothing_ends_a_line_or_moves_a_terminal(capfd: pytest.CaptureFixture[str], text: str) -> None:
    log_request(LoggedRequest("a1", "POST", "/v1/score", 200, 1.0, instruction=text))
    lines = written(capfd)
    assert lines.isascii()
    assert lines.count("\n") == 1
    assert lines[:-1].isprintable()
    assert json.loads(lines)["instruction"] == text.replace("\ud800", "\ufffd")


def test_an_error_is_told_by_its_kind_and_place_alone(capfd: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("Make the secret car blue.")
    except ValueError:
        LOG.exception("a request met a bug")
    lines = written(capfd)
    line = json.loads(lines)
    assert (line["level"], line["event"], line["error"]) == ("error", "a request met a bug", "ValueError")
    assert [place.endswith(" test_an_error_is_told_by_its_kind_and_place_alone") for place in line["raised_at"]] == [
        True
    ]
    assert "secret" not in lines


def test_the_web_server_and_warnings_are_in_the_same_form(capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("uvicorn.error").warning("Invalid %s", "request")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("careful", UserWarning, stacklevel=1)
    first, second = map(json.loads, written(capfd).splitlines())
    assert (first["level"], first["event"]) == ("warning", "Invalid request")
    assert second["level"] == "warning"
    assert "UserWarning: careful" in second["event"]


def test_a_log_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(0, closefd=False) as closed:
        monkeypatch.setattr(sys, "stderr", closed)  # it cannot be written to
        LOG.info("lost")
        flush()
    monkeypatch.undo()


def test_a_pipe_that_nobody_reads_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is not dropped is whole, and how many were dropped is told."""
    logged = MOST_WAITING + 5000
    reading, writing = os.pipe()
    with open(reading, encoding="ascii") as reader, open(writing, "w", encoding="ascii") as writer:
        monkeypatch.setattr(sys, "stderr", writer)
        for number in range(logged):
            LOG.info("line %d", number)
        found: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: found.extend(map(json.loads, reader)))
        thread.start()
        flush()
        LOG.info("the last")
        flush()
        monkeypatch.undo()
        writer.close()
        thread.join(10)
    assert found[-1]["event"] == "the last"
    dropped = [line["dropped"] for line in found if line["event"] == "lines of the log were dropped"]
    numbers = [int(line["event"].split()[1]) for line in found if line["event"].startswith("line ")]
    assert sum(dropped) > 0
    assert len(numbers) + sum(dropped) == logged
    assert numbers == sorted(numbers)


def test_a_process_ends_though_nobody_reads_its_log() -> None:
    program = """
import logging
from editjudge.server.logs import write_logs
write_logs()
for number in range(10_000):
    logging.getLogger("editjudge.server.any").info("line %d", number)
"""
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as process:
        assert process.wait(60) == 0


def test_the_end_waits_for_what_is_not_written_yet() -> None:
    program = """
import logging
from editjudge.server.logs import write_logs
write_logs()
for number in range(3000):
    logging.getLogger("editjudge.server.any").info("line %d", number)
"""
    done = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, timeout=60, check=True)
    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert events == [f"line {number}" for number in range(3000)]


def test_a_long_line_is_cut_and_still_json(capfd: pytest.CaptureFixture[str]) -> None:
    log_request(LoggedRequest("a1", "POST", "/v1/score", 200, 1.0, instruction="\U0001f600" * 500))
    LOG.warning("x" * 10_000)
    first, second = written(capfd).splitlines()
    assert max(len(first), len(second)) <= 4000
    assert json.loads(first)["instruction"] == "\U0001f600" * 250 + "..."
    assert json.loads(second)["event"] == "x" * 250 + "..."


@pytest.mark.parametrize(
    ("offered", "kept"),
    [("5f3c-1:a.b_", True), ("a" * 64, True), ("a" * 65, False), ("", False), (None, False), ("a b", False),
     ("a\n", False), ("é", False), ("{}", False)],
)  # fmt: skip
def test_a_client_may_name_its_request(offered: str | None, kept: bool) -> None:
    name = choose_request_id(offered)
    assert (name == offered) is kept
    assert kept or (len(name) == 16 and name != choose_request_id(offered))
