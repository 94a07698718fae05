"""Forked processes, of which none outlives its test: for programs that `fresh_process.run_python` runs."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

SECONDS = 40
"""From when on a child is taken for hung."""


def fork(work: Callable[[], object]) -> str:
    """Runs work in a child, which then ends as any interpreter does; what became of it: "ended with 0", "hung"."""
    child = os.fork()
    if child == 0:
        work()
        sys.exit(0)
    give_up = time.monotonic() + SECONDS
    while time.monotonic() < give_up:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return f"ended with {os.waitstatus_to_exitcode(status)}"
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hung"
