"""`editjudge score-dataset`: scores a data set, shows how far it is, and says in the end what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from editjudge.batch import runner
from editjudge.batch.judging import JudgeOptions
from editjudge.batch.reward_file import FORMS as OUTPUT_FORMS
from editjudge.bundles.bundle import Bundle
from editjudge.cli.console import console, progress
from editjudge.cli.options import (
    METRIC_NAMES,
    AcceptAt,
    BundleName,
    CompatOption,
    Data,
    Debug,
    Device,
    EditedFolder,
    FormatName,
    LookOption,
)
from editjudge.cli.row_progress import hint_at_resume
from editjudge.datasets import open_dataset
from editjudge.errors import InputError, JudgeError
from editjudge.metrics.looking.choose import check_look
from editjudge.metrics.registry import DEFAULT, check_compat, parse_names, select_metrics
from editjudge.utils.signals import raise_signals
from editjudge.utils.text import printable

INTERVAL = 0.5
"""Seconds between two updates of the bar: workers hand over several rows at once, which is no rate to go by."""


def score_dataset(
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="scores.parquet, .csv or .jsonl.")],
    *,
    format_name: FormatName = None,
    edited: EditedFolder = None,
    bundle: BundleName = "studio",
    device: Device = "auto",
    compat: CompatOption = None,
    accept_at: AcceptAt = None,
    look: LookOption = None,
    metrics: Annotated[str | None, typer.Option(help=f"Further columns: all, or some of {METRIC_NAMES}.")] = None,
    requests: Annotated[
        int, typer.Option(min=1, metavar="N", help="Of judges: at most so many questions at once.")
    ] = JudgeOptions.requests,
    passes: Annotated[
        int, typer.Option(min=1, metavar="K", help="Of judges: how often each question is asked; the mean counts.")
    ] = JudgeOptions.passes,
    judge_seed: Annotated[int, typer.Option(min=0, metavar="SEED", help="Of judges.")] = JudgeOptions.seed,
    workers: Annotated[int | None, typer.Option(min=1, help="By default one per core, and one on a GPU.")] = None,
    engine: Annotated[str, typer.Option(help=f"{' or '.join(runner.EXECUTORS)}.")] = "local",
    keep_formulas: Annotated[
        bool, typer.Option("--keep-formulas", help="Write texts such as =1+1 to CSV without an apostrophe before them.")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option(help=f"Write rewards as a set for training has them, to .json: {', '.join(OUTPUT_FORMS)}."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was cut off, or at whose rows judges failed.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Score every row of a data set into a table: its own columns, the score's, and why a row could not be scored."""
    if resume and output.exists() and not runner.part_file(output).exists():
        typer.echo(f"{output} is whole, nothing is left to do; without --resume it is scored anew")
        return
    others = () if metrics is None else select_metrics(parse_names(metrics), Bundle.load(bundle), parsed=False)
    dataset = open_dataset(data, format_name, edited)
    with raise_signals(), _bar() as watch:
        done = runner.score_dataset(
            dataset,
            output,
            bundle=bundle,
            device=device,
            compat=check_compat(compat),
            accept_at=accept_at,
            look=check_look(look),
            workers=workers,
            executor=engine,
            metrics=[metric.spec.name for metric in others if metric.spec is not DEFAULT],
            judging=JudgeOptions(requests, passes, judge_seed),
            resume=resume,
            keep_formulas=keep_formulas,
            form=form,
            watch=watch,
        )
    if done.failed == done.rows:
        none = "the only row could not" if done.rows == 1 else f"none of the {done.rows:,} rows could"
        where = "" if form else f", {output} says why"
        raise InputError(f"{none} be scored{where}: {done.error or ''}")
    if done.left_out == done.rows:
        raise InputError(
            f"no row has a reward from every side, and so {output} is empty; a table says why: -o scores.csv"
        )
    if done.unjudged == done.rows:
        raise JudgeError(f"no row could be judged, {output} has the scores alone: {done.error}; --resume asks again")
    why, headline = ("", "") if form else (" (column error)", " (column headline says why)")  # rewards have no columns
    failed = f", {done.failed:,} not{why}, the last of them: {done.error}" if done.failed else ""
    silent = f", {done.unmeasured:,} of them without a number{headline}" if done.unmeasured else ""
    anew = f", {done.changed:,} of them anew, as their pictures have changed" if done.changed else ""
    rows = "row" if done.rows == 1 else "rows"
    table = "; a table says why: -o scores.csv"
    without = f"; {done.left_out:,} without a reward from every side left out{table}" if done.left_out else ""
    judged = f"; judges took {done.tokens:,} tokens" if done.tokens else ""
    if done.unjudged:
        judged += f"; they failed at {done.unjudged:,} rows{why}: {done.error}; --resume asks again"
    scored = (
        f"{output}: {done.rows - done.failed:,} of {done.rows:,} {rows} scored{silent}{anew}{failed}{without}{judged}"
    )
    console().print(printable(scored), soft_wrap=True)


@contextmanager
def _bar() -> Iterator[Callable[[runner.Progress], None]]:
    """Shows progress; when it is interrupted, says on stderr how to go on."""
    latest, updated = runner.Progress(0, 0, 0), 0.0
    columns = [
        TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"), TextColumn("{task.fields[tokens]}"),
    ]  # fmt: skip
    with progress(*columns) as bar:
        task = bar.add_task("scoring", total=None, failed="", tokens="")

        def watch(now: runner.Progress) -> None:
            nonlocal latest, updated
            latest = now
            if time.monotonic() - updated >= INTERVAL:
                updated = time.monotonic()
                failed = f"{now.failed:,} failed" if now.failed else ""
                tokens = f"{now.tokens:,} tokens" if now.tokens else ""
                bar.update(task, total=now.rows, completed=now.done, failed=failed, tokens=tokens)

        with hint_at_resume(bar, lambda: (latest.done, latest.rows)):
            yield watch


class _Rate(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f} rows/s" if task.speed else "")
