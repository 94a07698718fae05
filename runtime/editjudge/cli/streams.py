"""The standard streams of a command, which may be missing, full, or read by nobody."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from editjudge.errors import EditJudgeWarning
from editjudge.utils.text import printable

PIPE_CLOSED = 141
"""The exit status where nobody reads the output any more: what a shell reports of a program that SIGPIPE ended."""
WRITING = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF, errno.EAGAIN}
"""What goes wrong with writing to what was open before."""
STREAMS = ("stdin", "stdout", "stderr")


def prepare_streams() -> None:
    """Opens those that the process was started without, on nothing: else the next file that is opened would get the
    number of one, and what is printed would end up in it. What cannot be encoded is printed as a question mark."""
    for number, name in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free, which is this one
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 (as long as all)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def flush_output() -> OSError | None:
    """Writes what was printed; returns why that fails, if it does, and drops the rest, so that Python does not fail at
    it once more when it ends."""
    problem = None
    for stream in filter(None, (sys.stdout, sys.__stdout__, sys.stderr)):
        try:
            if not stream.closed:
                stream.flush()
        except OSError as error:
            problem = problem or error
            _discard(stream)
    return problem


def print_error(message: str) -> None:
    """Prints a line to stderr, if that can be written to."""
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)


@contextmanager
def show_warnings() -> Iterator[None]:
    """In the block a warning of this package is one line on stderr."""
    with warnings.catch_warnings():
        show_other = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, EditJudgeWarning):
                print_error(f"editjudge: warning: {printable(' '.join(str(message).split()))}")
            else:
                show_other(message, category, *place, **more)

        warnings.showwarning = show
        warnings.simplefilter("always", EditJudgeWarning)
        yield


def is_of_stream(error: OSError) -> bool:
    """Whether it comes of writing to a stream: what is said of a file has its name, or is an InputError by now."""
    return error.filename is None and error.errno in WRITING


def is_closed_pipe(problem: OSError) -> bool:
    """Whether the reader has gone, as `head` does."""
    return problem.errno == errno.EPIPE


def _discard(stream: TextIO) -> None:
    """Leads a stream to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
