"""`editjudge study import`: the ratings of others as a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from editjudge.cli.options import Debug, split_names
from editjudge.utils.text import printable


def import_ratings(
    ratings: Annotated[Path, typer.Argument(metavar="RATINGS", help="A row a candidate: .csv, .jsonl, .parquet.")],
    *,
    db: Annotated[Path, typer.Option(metavar="FILE", help="The new study.")],
    raters: Annotated[str, typer.Option(help="Columns of raters: {n} is any of them, {side} each of --sides.")],
    sides: Annotated[str | None, typer.Option(help="Sides that are rated, such as sc,pq.")] = None,
    group: Annotated[str, typer.Option(help="The column that tells inputs apart.")] = "group",
    model: Annotated[str, typer.Option(help="The column of the editing models.")] = "model",
    debug: Debug = False,
) -> None:
    """Take ratings that others have gathered as a study, without pictures."""
    from editjudge.evaluation import EvaluationOptions, read_scores  # noqa: PLC0415
    from editjudge.study.importing import import_ratings as take  # noqa: PLC0415

    options = EvaluationOptions(raters=split_names(raters), sides=split_names(sides), group=group, model=model)
    candidates, count = take(db, read_scores(ratings), options)
    typer.echo(f"{printable(str(db))}: {candidates} candidates, {count} raters")
