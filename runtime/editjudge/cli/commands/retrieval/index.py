"""`editjudge index`: makes an index of the edits of a data set, shows how far it is, and says what was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from editjudge.cli.commands.retrieval.folder import USUAL_FOLDER
from editjudge.cli.console import console
from editjudge.cli.options import BundleName, Data, Debug, Device, EditedFolder, FormatName, Threads
from editjudge.cli.row_progress import hint_at_resume, row_bar
from editjudge.cli.streams import print_error
from editjudge.datasets import open_dataset
from editjudge.models.pair.encoder import EDIT_CLIP, ENCODERS
from editjudge.retrieval import EditIndex, IndexProgress, build_index
from editjudge.retrieval.build import check_whole, draft_folder
from editjudge.retrieval.edit_table import EditTable
from editjudge.utils.signals import raise_signals
from editjudge.utils.text import printable

NAMED = 10
"""Rows without an edit that are named; the table of the index has them all."""


def index(
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder.")] = USUAL_FOLDER,
    *,
    format_name: FormatName = None,
    edited: EditedFolder = None,
    bundle: BundleName = "studio",
    encoder: Annotated[str, typer.Option(help=f"{' or '.join(ENCODERS)}, which is blind to order.")] = EDIT_CLIP,
    device: Device = "auto",
    threads: Threads = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")] = False,
    debug: Debug = False,
) -> None:
    """Embed the edits of a data set into an index, in which editjudge find looks for edits."""
    dataset = open_dataset(data, format_name, edited)
    if resume and not draft_folder(output).exists() and output.exists():
        whole = EditIndex.open(output)
        check_whole(whole, dataset, encoder)
        typer.echo(f"{output} is whole, of {len(dataset):,} rows; nothing is left to do")
        return
    with raise_signals(), _bar() as watch:
        done = build_index(
            dataset,
            output,
            bundle=bundle,
            device=device,
            encoder=encoder,
            threads=threads,
            resume=resume,
            watch=watch,
        )
    if done.failed:
        with EditTable(output) as table:
            _name_left_out(table.left_out())
    rows = "row" if done.rows == 1 else "rows"
    without = f", {done.failed:,} left out" if done.failed else ""
    indexed = f"{output}: {done.rows - done.failed:,} of {done.rows:,} {rows} indexed{without}"
    console().print(printable(indexed), soft_wrap=True)


def _name_left_out(rows: Sequence[tuple[str, str]]) -> None:
    for name, reason in rows[:NAMED]:
        print_error(printable(f"editjudge: row {name} is left out: {' '.join(reason.split())}"))
    if len(rows) > NAMED:
        print_error(f"editjudge: and {len(rows) - NAMED:,} more, which the table left_out of edits.sqlite names")


@contextmanager
def _bar() -> Iterator[Callable[[IndexProgress], None]]:
    """Shows progress; when it is interrupted, says on stderr how to go on."""
    latest = IndexProgress(0, 0, 0)
    with row_bar() as bar:
        task = bar.add_task("embedding", total=None, failed="")

        def watch(now: IndexProgress) -> None:
            nonlocal latest
            latest = now
            bar.update(task, total=now.rows, completed=now.done, failed=f"{now.failed:,} failed" if now.failed else "")

        with hint_at_resume(bar, lambda: (latest.done, latest.rows)):
            yield watch
