"""`editjudge evaluate`: the experiments of the paper on a table of scores."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editjudge import atomic
from editjudge.console import console
from editjudge.errors import InputError
from editjudge.jsonable import to_json

if TYPE_CHECKING:
    from editjudge.protocols import ScoreTable

Name = StrEnum("Name", ["human-alignment", "ground-truth", "components", "alpha-sweep", "correlation"])


def evaluate(  # noqa: PLR0917  (a command line's options)
    protocol: Annotated[Name, typer.Argument(metavar="PROTOCOL", help=", ".join(Name))],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Scores as .csv, .jsonl or .parquet.")],
    metrics: Annotated[
        str | None, typer.Option(help="Such as bpm,l2,my.column:lower; by default all.", show_default=False)
    ] = None,
    norm: Annotated[str, typer.Option(help="Ranges of Norm(): bundle, as scored, or data, refitted.")] = "bundle",
    alpha: Annotated[
        float | None, typer.Option(help="Weight of the semantic score; as scored.", show_default=False)
    ] = None,
    ties: Annotated[str, typer.Option(help="A metric's ties count as: wrong, half or formula.")] = "wrong",
    method: Annotated[str, typer.Option(help="Of correlation: spearman, pearson or kendall.")] = "spearman",
    human: Annotated[str, typer.Option(help="The column of human ratings.")] = "human",
    group: Annotated[str, typer.Option(help="The column that tells inputs apart.")] = "group",
    model: Annotated[str, typer.Option(help="The column of the editing models.")] = "model",
    kind: Annotated[str, typer.Option(help="The column that says what a candidate is.")] = "kind",
    kinds: Annotated[
        str | None, typer.Option(help="Such as edited=1,preserved=2,modified=3.", show_default=False)
    ] = None,
    rating: Annotated[str | None, typer.Option(help="Such as modify=COLUMN,size=COLUMN.", show_default=False)] = None,
    satisfied: Annotated[
        float | None, typer.Option(help="A rating above it finds size or position right.", show_default=False)
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Only these rows.", show_default=False)
    ] = None,
    resamples: Annotated[int, typer.Option(min=0, help="Of the bootstrap; 0 for no intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png|svg", help="Draw it, too.", show_default=False)] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Run an experiment of the paper on a table of scores: metrics against humans, or against known quality."""
    from editjudge.protocols import PROTOCOLS, Options, chosen, read_scores  # noqa: PLC0415
    from editjudge.protocols.options import KINDS, RATINGS  # noqa: PLC0415
    from editjudge.protocols.plot import check_plot  # noqa: PLC0415
    from editjudge.protocols.plot import plot as draw  # noqa: PLC0415
    from editjudge.protocols.show import shown  # noqa: PLC0415

    if plot:
        check_plot(plot)
        atomic.check_writable(plot)
    asked: dict[str, Any] = {
        "norm": norm, "alpha": alpha, "ties": ties, "method": method, "resamples": resamples, "seed": seed,
    }  # fmt: skip
    named = {name: (value.lower(),) for name, value in _assigned("--kinds", kinds, KINDS).items()}
    options = Options(
        human=human,
        group=group,
        model=model,
        kind=kind,
        kinds={**KINDS, **named},
        ratings={**RATINGS, **_assigned("--rating", rating, RATINGS)},
        satisfied=satisfied,
        **asked,
    )
    table = _only(read_scores(data), where or [])
    names = [name for name in (each.strip() for each in (metrics or "").split(",")) if name]
    result = PROTOCOLS[protocol.value](table, chosen(table, names), options)
    if plot:
        atomic.write(plot, draw(result, plot.suffix))
    if as_json:
        print(to_json({"data": data.name, **result.to_dict(), "options": {**asked, "where": where or []}}))
    else:
        printer = console()
        printer.print(shown(printer, result))


def _only(table: ScoreTable, conditions: Iterable[str]) -> ScoreTable:
    """The rows for which every "column=value" holds. Raises InputError."""
    for condition in conditions:
        column, sign, value = condition.partition("=")
        if not sign:
            raise InputError(f"--where is {condition!r}; it must be COLUMN=VALUE")
        table = table.where(column, value)
    return table


def _assigned(option: str, text: str | None, allowed: Iterable[str]) -> dict[str, str]:
    """What "a=1,b=2" assigns. Raises InputError."""
    assigned = {}
    for part in text.split(",") if text else ():
        name, _, value = part.strip().partition("=")
        if not value or name not in allowed:
            raise InputError(f"{option} has {part!r}; write NAME=VALUE with a name of {', '.join(allowed)}")
        assigned[name] = value
    return assigned
