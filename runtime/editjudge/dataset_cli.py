"""`editjudge score-dataset`: scores a data set, shows how far it is, and says in the end what came of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from editjudge.batch.run import ENGINES, Progress, part_file
from editjudge.batch.run import score_dataset as run
from editjudge.bundle import Bundle
from editjudge.case import check_compat
from editjudge.console import console, progress
from editjudge.datasets import FORMS, open_dataset
from editjudge.errors import InputError
from editjudge.judged import printable
from editjudge.metrics.registry import METRICS, chosen, named

OFTEN = 0.5
"""Seconds between two looks at how far it is: workers hand over several rows at once, which is no rate to go by."""

Data = Annotated[Path, typer.Argument(metavar="DATA", help="CSV, TSV, JSON, JSON lines, parquet, or a folder.")]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="scores.parquet, .csv or .jsonl.")]
Form = Annotated[
    str | None, typer.Option("--format", help=f"{', '.join(FORMS)}; by default recognised.", show_default=False)
]
Edited = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Take the edited pictures from here, named by their ids.", show_default=False),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="By default one per core, and one on a GPU.", show_default=False)
]
Metrics = Annotated[
    str | None,
    typer.Option(help=f"Further columns: all, or some of {', '.join(METRICS)}.", show_default=False),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")]


def score_dataset(
    data: Data,
    output: Output,
    *,
    form: Form = None,
    edited: Edited = None,
    bundle: Annotated[str, typer.Option("--bundle", "-b", help="A bundle's name, or its folder.")] = "studio",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, tensorrt, rtx or openvino.")] = "auto",
    compat: Annotated[
        str | None, typer.Option(help="released: score as the authors' code does.", show_default=False)
    ] = None,
    metrics: Metrics = None,
    workers: Workers = None,
    engine: Annotated[str, typer.Option(help=f"{' or '.join(ENGINES)}.")] = "local",
    resume: Resume = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Score every row of a data set into a table: its own columns, the score's, and why a row has none."""
    if resume and output.exists() and not part_file(output).exists():
        typer.echo(f"{output} is whole, nothing is left to do; without --resume it is scored anew")
        return
    names = () if metrics is None else chosen(named(metrics), Bundle.load(bundle), parsed=False)
    dataset = open_dataset(data, form, edited)
    with _bar() as watch:
        done = run(
            dataset,
            output,
            bundle=bundle,
            device=device,
            compat=check_compat(compat),
            workers=workers,
            engine=engine,
            metrics=[name for name in names if name != "bpm"],
            resume=resume,
            watch=watch,
        )
    if done.failed == done.rows:
        raise InputError(f"none of the {done.rows} rows could be scored, {output} says why: {done.error or ''}")
    failed = f", {done.failed:,} not (column error), the last of them: {done.error}" if done.failed else ""
    console().print(
        printable(f"{output}: {done.rows - done.failed:,} of {done.rows:,} rows scored{failed}"), soft_wrap=True
    )


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """Shows progress; when it is interrupted, says on stderr how to go on."""
    latest, shown = Progress(0, 0, 0), 0.0
    columns = [
        TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
    ]  # fmt: skip
    with progress(*columns) as bar:
        task = bar.add_task("scoring", total=None, failed="")

        def watch(now: Progress) -> None:
            nonlocal latest, shown
            latest = now
            if time.monotonic() - shown < OFTEN:
                return
            shown = time.monotonic()
            failed = f"{now.failed:,} failed" if now.failed else ""
            bar.update(task, total=now.rows, completed=now.done, failed=failed)

        try:
            yield watch
        except KeyboardInterrupt:
            bar.stop()
            if latest.done:
                print(f"editjudge: {latest.done} of {latest.rows} rows are done; go on with --resume", file=sys.stderr)
            raise


class _Rate(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f} rows/s" if task.speed else "")
