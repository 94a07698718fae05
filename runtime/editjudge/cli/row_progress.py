"""What long runs over the rows of a data set show on stderr, and what they say when they are interrupted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from editjudge.cli.console import progress
from editjudge.utils.signals import Terminated


def row_bar() -> Progress:
    """How many rows are done and have failed: tasks have a field `failed`."""
    return progress(
        TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
    )  # fmt: skip


@contextmanager
def hint_at_resume(bar: Progress, count: Callable[[], tuple[int, int]]) -> Iterator[None]:
    """Says on stderr how to go on, where the block is interrupted; count: how many rows are done, and of how many."""
    try:
        yield
    except (KeyboardInterrupt, Terminated):
        with suppress(OSError):  # the terminal may be what is gone
            bar.stop()
            done, rows = count()
            if done:
                hint = f"{done} of {rows} rows are done; go on with --resume"
                print(f"editjudge: {hint}", file=sys.stderr, flush=True)
        raise
