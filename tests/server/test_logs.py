"""The log: a line of JSON for each record, whatever it holds, and nothing in it that is a client's secret."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from editjudge.server.logs import TOLD, LoggedRequest, choose_request_id, log_request, write_logs

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


def test_the_line_of_a_request(capfd: pytest.CaptureFixture[str]) -> None:
    log_request(LoggedRequest("a1", "POST", "/v1/score", 200, 12.345, 3.21, 1, 4096))
    line = json.loads(capfd.readouterr().err)
    assert abs(datetime.now(UTC) - datetime.fromisoformat(line.pop("time"))) < timedelta(minutes=1)
    assert line == {
        "level": "info", "event": "request", "worker": 7, "request_id": "a1", "method": "POST", "route": "/v1/score",
        "status": 200, "ms": 12.3, "waited_ms": 3.2, "items": 1, "received": 4096, "error": None,
    }  # fmt: skip


def test_an_instruction_is_written_where_it_is_handed_over(capfd: pytest.CaptureFixture[str]) -> None:
    log_request(LoggedRequest("a1", "POST", "/v1/score", 200, 1.0, instruction="Make it blue."))
    log_request(LoggedRequest("a2", "POST", "/v1/score", 200, 1.0, instruction="x" * 10_000))
    short, long = map(json.loads, capfd.readouterr().err.splitlines())
    assert short["instruction"] == "Make it blue."
    assert long["instruction"] == "x" * 500


@pytest.mark.parametrize(
    "text",
    ["two\nlines\r\n", "\x1b[2J\x07", "a\u2028b\u2029c\x85d", "\u202eevil", "\ud800", '"}\n{"level": "error"', "é😀"],
)
def test_nothing_ends_a_line_or_moves_a_terminal(capfd: pytest.CaptureFixture[str], text: str) -> None:
    log_request(LoggedRequest("a1", "POST", "/v1/score", 200, 1.0, instruction=text))
    written = capfd.readouterr().err
    assert written.isascii()
    assert written.count("\n") == 1
    assert written[:-1].isprintable()
    assert json.loads(written)["instruction"] == text.replace("\ud800", "\ufffd")


def test_an_error_is_told_by_its_kind_and_place_alone(capfd: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("Make the secret car blue.")
    except ValueError:
        LOG.exception("a request met a bug")
    written = capfd.readouterr().err
    line = json.loads(written)
    assert (line["level"], line["event"], line["error"]) == ("error", "a request met a bug", "ValueError")
    assert [place.endswith(" test_an_error_is_told_by_its_kind_and_place_alone") for place in line["raised_at"]] == [
        True
    ]
    assert "secret" not in written


def test_the_web_server_and_warnings_are_in_the_same_form(capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("uvicorn.error").warning("Invalid %s", "request")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("careful", UserWarning, stacklevel=1)
    first, second = map(json.loads, capfd.readouterr().err.splitlines())
    assert (first["level"], first["event"]) == ("warning", "Invalid request")
    assert second["level"] == "warning"
    assert "UserWarning: careful" in second["event"]


def test_a_log_that_nobody_reads_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(0, closefd=False) as closed:
        monkeypatch.setattr(sys, "stderr", closed)  # it cannot be written to
        LOG.info("lost")
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("offered", "kept"),
    [("5f3c-1:a.b_", True), ("a" * 64, True), ("a" * 65, False), ("", False), (None, False), ("a b", False),
     ("a\n", False), ("é", False), ("{}", False)],
)  # fmt: skip
def test_a_client_may_name_its_request(offered: str | None, kept: bool) -> None:
    name = choose_request_id(offered)
    assert (name == offered) is kept
    assert kept or (len(name) == 16 and name != choose_request_id(offered))
