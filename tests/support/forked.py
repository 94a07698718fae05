"""Forked processes, of which none outlives its test: for programs that `fresh_process.run_python` runs."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

SECONDS = 150
"""From when on a child is taken for hung. Where other work keeps the cores busy, two threads of llama.cpp that wait for
each other have been seen to take 20 seconds for what takes 0.2 (`parser.language_model.SPARE`)."""


def fork(work: Callable[[], object], seconds: float = SECONDS) -> str:
    """Runs work in a child, which then ends as any interpreter does; what became of it: "ended with 0", "hung"."""
    child = os.fork()
    if child == 0:
        work()
        sys.exit(0)
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return f"ended with {os.waitstatus_to_exitcode(status)}"
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hung"
