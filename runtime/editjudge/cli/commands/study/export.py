"""`editjudge study export`: the ratings of a study as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from editjudge.cli.options import Debug
from editjudge.utils.text import printable


def export(
    db: Annotated[Path, typer.Argument(metavar="RATINGS.sqlite", help="The file of a study.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="A row a candidate: .csv, .jsonl, .parquet.")
    ],
    *,
    scores: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What score-dataset wrote, to be joined by id.")
    ] = None,
    passed_checks: Annotated[bool, typer.Option("--passed-checks", help="Without raters who failed a check.")] = False,
    codes: Annotated[bool, typer.Option("--codes", help="Name raters by their codes, not by numbers.")] = False,
    debug: Debug = False,
) -> None:
    """Write what raters said as a table for `editjudge evaluate`."""
    from editjudge.study.database import StudyDatabase  # noqa: PLC0415
    from editjudge.study.exporting import export_study  # noqa: PLC0415

    with StudyDatabase.open(db) as study:
        rows = export_study(study, output, scores, passed_checks, codes)
    typer.echo(f"{printable(str(output))}: {rows} candidates")
