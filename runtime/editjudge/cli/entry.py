"""The program `editjudge`: loads the command line, if there is memory for it, and runs it."""

from __future__ import annotations

import sys

from editjudge.errors import OutOfMemoryError
from editjudge.utils.oom import ADVICE, check_room_for_libraries, convert_memory_errors


def main() -> None:
    """Runs the command line of this process, and ends the process with its status."""
    try:
        check_room_for_libraries()
        with convert_memory_errors("start", ADVICE):
            from editjudge.cli.main import main as run_commands  # noqa: PLC0415 (it loads NumPy and OpenCV)
    except OutOfMemoryError as error:
        print(f"editjudge: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    run_commands()
