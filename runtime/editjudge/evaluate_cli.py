"""`editjudge evaluate`: the experiments of the paper on a table of scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editjudge.console import console
from editjudge.errors import InputError
from editjudge.jsonable import to_json
from editjudge.plot_file import check_plot

if TYPE_CHECKING:
    from editjudge.protocols import ScoreTable

app = typer.Typer(rich_markup_mode=None, no_args_is_help=False)

Data = Annotated[Path, typer.Argument(metavar="DATA", help="Scores as .csv, .jsonl or .parquet.")]
Metrics = Annotated[
    str | None, typer.Option(help="Such as bpm,l2,my.column:lower; by default all.", show_default=False)
]
Norm = Annotated[str, typer.Option(help="Ranges of Norm(): bundle, as scored, or data, refitted.")]
Alpha = Annotated[float | None, typer.Option(help="Weight of the semantic score; as scored.", show_default=False)]
Ties = Annotated[str, typer.Option(help="A metric's ties count as: wrong, half or formula.")]
Human = Annotated[str, typer.Option(help="The column of human ratings.")]
Group = Annotated[str, typer.Option(help="The column that tells inputs apart.")]
Model = Annotated[str, typer.Option(help="The column of the editing models.")]
Where = Annotated[list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Only these rows.", show_default=False)]
Resamples = Annotated[int, typer.Option(min=0, help="Of the bootstrap; 0 for no intervals.")]
Seed = Annotated[int, typer.Option(min=0, help="Of the bootstrap.")]
Plot = Annotated[Path | None, typer.Option(metavar="FILE.png|svg", help="Draw it, too.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@app.command()
def human_alignment(
    data: Data,
    *,
    metrics: Metrics = None,
    norm: Norm = "bundle",
    alpha: Alpha = None,
    ties: Ties = "wrong",
    human: Human = "human",
    group: Group = "group",
    model: Model = "model",
    where: Where = None,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    plot: Plot = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Agreement with humans by pair of models (tables 1, 2)."""
    _run("human-alignment", locals())


@app.command()
def ground_truth(
    data: Data,
    *,
    metrics: Metrics = None,
    norm: Norm = "bundle",
    alpha: Alpha = None,
    group: Group = "group",
    kind: Annotated[str, typer.Option(help="The column that says what a candidate is.")] = "kind",
    kinds: Annotated[
        str | None, typer.Option(help="Its values: edited=1,preserved=2,modified=3.", show_default=False)
    ] = None,
    where: Where = None,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    plot: Plot = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Which of three known edits is liked best (table 4)."""
    _run("ground-truth", locals())


@app.command()
def components(
    data: Data,
    *,
    metrics: Metrics = None,
    ties: Ties = "wrong",
    group: Group = "group",
    model: Model = "model",
    ratings: Annotated[
        str | None, typer.Option(help="Columns of human ratings: modify=COLUMN,size=COLUMN.", show_default=False)
    ] = None,
    satisfied: Annotated[
        float | None, typer.Option(help="A rating above it finds size or position right.", show_default=False)
    ] = None,
    where: Where = None,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    plot: Plot = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """The parts of BPM against humans (tables 5, 6, 14)."""
    _run("components", locals())


@app.command()
def alpha_sweep(
    data: Data,
    *,
    metrics: Metrics = None,
    norm: Norm = "bundle",
    ties: Ties = "wrong",
    human: Human = "human",
    group: Group = "group",
    model: Model = "model",
    where: Where = None,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    plot: Plot = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """The weight of the semantic score (table 9)."""
    _run("alpha-sweep", locals())


@app.command()
def correlation(
    data: Data,
    *,
    metrics: Metrics = None,
    norm: Norm = "bundle",
    alpha: Alpha = None,
    method: Annotated[str, typer.Option(help="spearman, pearson or kendall.")] = "spearman",
    human: Human = "human",
    group: Group = "group",
    model: Model = "model",
    where: Where = None,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    plot: Plot = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Correlation with humans by model (table 10)."""
    _run("correlation", locals())


def _run(protocol: str, given: Mapping[str, Any]) -> None:
    """`given`: what the command line says, by the names of the parameters above; the rest is for `Options`."""
    from editjudge.protocols import PROTOCOLS, Options, chosen, read_scores  # noqa: PLC0415
    from editjudge.protocols.options import KINDS, RATINGS  # noqa: PLC0415
    from editjudge.protocols.plot import write_plot  # noqa: PLC0415
    from editjudge.protocols.show import shown  # noqa: PLC0415

    own = ("data", "metrics", "where", "plot", "as_json", "debug")
    asked = {name: value for name, value in given.items() if name not in own}
    if given["plot"]:
        check_plot(given["plot"])
    if "kinds" in asked:
        named = _assigned("--kinds", asked["kinds"], KINDS)
        asked["kinds"] = {**KINDS, **{name: (value.lower(),) for name, value in named.items()}}
    if "ratings" in asked:
        asked["ratings"] = {**RATINGS, **_assigned("--ratings", asked["ratings"], RATINGS)}
    options = Options(**asked)
    table = _only(read_scores(given["data"]), given["where"] or [])
    names = [name for name in (each.strip() for each in (given["metrics"] or "").split(",")) if name]
    result = PROTOCOLS[protocol](table, chosen(table, names), options)
    if given["plot"]:
        write_plot(given["plot"], result)
    if given["as_json"]:
        how = {"data": table.name, "options": {**asked, "where": given["where"] or []}}
        print(to_json({**result.to_dict(), **how}))
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
