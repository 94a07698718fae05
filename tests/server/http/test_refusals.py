"""Each error has its status and one sentence; what is nobody's intention is a bug of ours, and gives nothing away."""

from __future__ import annotations

import errno

import pytest

from editjudge.errors import (
    BundleError,
    DeviceError,
    ImageError,
    InputError,
    InstructionError,
    JudgeError,
    OutOfMemoryError,
)
from editjudge.server.engine.refusal import NotReadyError, QueueFullError, RefusedError
from editjudge.server.http.refusals import SlowBodyError, TokenError, TooLargeError, describe_error


@pytest.mark.parametrize(
    ("error", "status", "kind", "retry"),
    [
        (InputError("said"), 400, "InputError", None),
        (ImageError("said"), 400, "ImageError", None),
        (InstructionError("said"), 400, "InstructionError", None),
        (TokenError("said"), 401, "TokenError", None),
        (SlowBodyError("said"), 408, "SlowBodyError", None),
        (TooLargeError("said"), 413, "TooLargeError", None),
        (QueueFullError("said", 0.2), 429, "QueueFullError", "1"),
        (NotReadyError("said", 2.1), 503, "NotReadyError", "3"),
        (RefusedError("said", 5.0), 503, "RefusedError", "5"),
        (BundleError("said"), 503, "BundleError", "30"),
        (DeviceError("said"), 503, "DeviceError", "30"),
        (JudgeError("said"), 503, "JudgeError", "30"),
        (OutOfMemoryError("said"), 503, "OutOfMemoryError", "2"),
    ],
)
def test_errors_that_are_meant(error: Exception, status: int, kind: str, retry: str | None) -> None:
    answer = describe_error(error)
    assert (answer.status, answer.body) == (status, {"error": {"kind": kind, "message": "said"}})
    assert answer.headers.get("Retry-After") == retry
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert (answer.headers.get("Connection") == "close") == (status == 408)


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError(errno.ENOMEM, "secret"), RuntimeError("bad_alloc at /secret")]
)
def test_want_of_memory(error: Exception) -> None:
    answer = describe_error(error)
    assert (answer.status, answer.kind) == (503, "OutOfMemoryError")
    assert "secret" not in answer.message


def test_a_bug() -> None:
    answer = describe_error(ZeroDivisionError("secret of /home/user"))
    assert (answer.status, answer.kind) == (500, "InternalError")
    assert "ZeroDivisionError" in answer.message
    assert "secret" not in answer.message


def test_nothing_that_a_terminal_obeys_is_repeated() -> None:
    assert "\x1b" not in describe_error(InputError("a\x1b[31m\u202eb")).message
    assert "\u202e" not in describe_error(InputError("a\x1b[31m\u202eb")).message
