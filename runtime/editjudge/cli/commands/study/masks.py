"""`editjudge study masks`: masks of the edits of a data set, to be rated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from editjudge.cli.options import BundleName, Debug, Device, FormatName, Threads
from editjudge.cli.row_progress import row_bar
from editjudge.datasets import open_dataset
from editjudge.utils.atomic_file import check_new_folder
from editjudge.utils.signals import raise_signals
from editjudge.utils.text import printable

MOST_TOLD = 5
"""Reasons that are told of edits without masks."""


def masks(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A data set of edits.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="The new folder of masks.")],
    bundle: BundleName = "studio",
    format_name: FormatName = None,
    device: Device = "auto",
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Write masks of each edit: ours, and where the pictures differ."""
    from editjudge import Scorer  # noqa: PLC0415
    from editjudge.batch.masks import write_masks  # noqa: PLC0415

    check_new_folder(output)
    dataset = open_dataset(data, format_name)
    with raise_signals(), Scorer.load(bundle, device, threads) as scorer, row_bar() as bar:
        task = bar.add_task("masks", total=len(dataset), failed="")
        written = write_masks(scorer, dataset, output, lambda done: bar.update(task, completed=done))
    typer.echo(f"{printable(str(written.table))}: masks of {written.edits} edits")
    for number, (name, reason) in enumerate(written.left_out):
        if number == MOST_TOLD:
            typer.echo(f"  and {len(written.left_out) - MOST_TOLD} more", err=True)
            break
        typer.echo(f"  left out {printable(name)}: {reason}", err=True)
