"""A Python process of its own, for what only a whole process shows: forks, exits, limits of memory, leaks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent

TESTS = Path(__file__).parent.parent
PROGRAM = "from editjudge.cli.entry import main; main()"
"""The command line, for `python -c`."""


def run_python(
    program: str,
    *arguments: object,
    environment: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    before: Sequence[str] = (),
    seconds: float = 180,
) -> subprocess.CompletedProcess[str]:
    """Runs a program in a fresh interpreter, which finds the modules of tests/; `sys.argv[1:]` are the arguments.

    Args:
        environment: Variables beside those of this process.
        options: Of the interpreter, such as ("-W", "error").
        before: A command that runs the interpreter, such as ("strace", "-f").
        seconds: A process that has not ended by then is killed, and `subprocess.TimeoutExpired` raised.
    """
    variables = {**os.environ, "PYTHONPATH": str(TESTS), **(environment or {})}
    command = [*before, sys.executable, *options, "-c", dedent(program), *map(str, arguments)]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=seconds, check=False)
