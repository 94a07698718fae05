"""Where the command line prints: results to stdout, progress to stderr."""

from __future__ import annotations

import os
import sys

from rich.console import Console
from rich.progress import Progress, ProgressColumn


def console() -> Console:
    """Plain and 100 columns wide where the output is not a terminal and COLUMNS says nothing else."""
    fixed = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100
    return Console(width=fixed, markup=False, highlight=False, emoji=False)


def progress(*columns: str | ProgressColumn) -> Progress:
    """On stderr, gone when done; where that is not a terminal, nothing, so that errors stay one line."""
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
