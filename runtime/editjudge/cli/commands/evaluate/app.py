"""`editjudge evaluate`: the experiments of the papers on a table of scores, lists of differences, or a data set."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editjudge.cli.command_group import CommandGroup
from editjudge.cli.commands.evaluate.differences import coherence, differences
from editjudge.cli.commands.evaluate.retrieval import retrieval
from editjudge.cli.console import console
from editjudge.cli.options import Debug, Json, split_names
from editjudge.errors import InputError, quote_value
from editjudge.reports.figures import check_plot
from editjudge.utils.json_safe import to_json

if TYPE_CHECKING:
    from editjudge.evaluation import ScoreTable

app = typer.Typer(cls=CommandGroup, rich_markup_mode=None)

COMMANDS = {
    "human-alignment": (
        "Agreement with humans by pair of models (tables 1, 2).",
        ("norm", "alpha", "ties", "human", "group", "model"),
    ),
    "ground-truth": (
        "Which of three known edits is liked best (table 4).",
        ("norm", "alpha", "group", "kind", "kinds"),
    ),
    "components": (
        "The parts of BPM against humans (tables 5, 6, 14).",
        ("ties", "group", "model", "ratings", "satisfied"),
    ),
    "alpha-sweep": (
        "The weight of the semantic score (table 9).",
        ("norm", "ties", "human", "group", "model"),
    ),
    "correlation": (
        "Correlation with humans by model (table 10).",
        ("norm", "alpha", "method", "human", "group", "model"),
    ),
    "agreement": (
        "Raters among themselves, and metrics against them.",
        ("raters", "sides", "scale", "method", "group", "model"),
    ),
    "rewards": (
        "Rewards by type of edit, and on pairs in order.",
        ("judge", "sides", "type", "ties", "human", "group"),
    ),
}
"""By name of the experiment: what it finds, and the parameters of its command beside those of all commands."""
WITHOUT_METRICS = ("agreement", "rewards")
"""Those that have something to say of a table without any metric."""
COMMON = ("data", "metrics", "where", "resamples", "seed", "plot", "as_json", "debug")


def _parameters(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Scores as .csv, .jsonl or .parquet.")],
    *,
    metrics: Annotated[str | None, typer.Option(help="Such as bpm,l2,my.column:lower; by default all.")] = None,
    norm: Annotated[str, typer.Option(help="Ranges of Norm(): bundle, as scored, or data, refitted.")] = "bundle",
    alpha: Annotated[float | None, typer.Option(help="Weight of the semantic score; as scored.")] = None,
    ties: Annotated[str, typer.Option(help="A metric's ties count as: wrong, half or formula.")] = "wrong",
    raters: Annotated[
        str | None, typer.Option(help="Columns of raters, such as rater{n}_{side}: for any n, and each of --sides.")
    ] = None,
    sides: Annotated[str | None, typer.Option(help="Sides that are rated, such as sc,pq.")] = None,
    scale: Annotated[str, typer.Option(help="raw, or minmax: each rater's numbers from 0 to 1.")] = "raw",
    judge: Annotated[str, typer.Option(help="Whose rewards: a metric, or columns as judge_{side}.")] = "reward",
    type: Annotated[str, typer.Option(help="The column of the types of edits.")] = "type",  # noqa: A002
    method: Annotated[str, typer.Option(help="spearman, pearson or kendall.")] = "spearman",
    human: Annotated[str, typer.Option(help="The column of human ratings.")] = "human",
    group: Annotated[str, typer.Option(help="The column that tells inputs apart.")] = "group",
    model: Annotated[str, typer.Option(help="The column of the editing models.")] = "model",
    kind: Annotated[str, typer.Option(help="The column that says what a candidate is.")] = "kind",
    kinds: Annotated[str | None, typer.Option(help="Its values: edited=1,preserved=2,modified=3.")] = None,
    ratings: Annotated[str | None, typer.Option(help="Columns of human ratings: modify=COLUMN,size=COLUMN.")] = None,
    satisfied: Annotated[float | None, typer.Option(help="A rating above it finds size or position right.")] = None,
    where: Annotated[list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Only these rows.")] = None,
    resamples: Annotated[int, typer.Option(min=0, help="Of the bootstrap; 0 for no intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png|svg", help="Draw it, too.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Declares the parameters that the experiments' commands choose from, in the order of their help."""


def _add_command(experiment: str, summary: str, options: tuple[str, ...]) -> None:
    """Adds a command whose signature, which typer reads, has the parameters of its experiment alone."""

    def command(debug: bool, **arguments: Any) -> None:
        _run(experiment, **arguments)

    declared = inspect.signature(_parameters, eval_str=True).parameters.values()
    chosen = [parameter for parameter in declared if parameter.name in (*COMMON, *options)]
    command.__signature__ = inspect.Signature(chosen)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in chosen}
    app.command(experiment, help=summary)(command)


for name, (summary, options) in COMMANDS.items():
    _add_command(name, summary, options)
for listed in (differences, coherence, retrieval):
    app.command()(listed)


def _run(
    experiment: str,
    *,
    data: Path,
    metrics: str | None,
    where: list[str] | None,
    plot: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, read_scores, select_columns  # noqa: PLC0415
    from editjudge.evaluation.options import KINDS, RATINGS  # noqa: PLC0415
    from editjudge.evaluation.plots import write_plot  # noqa: PLC0415
    from editjudge.evaluation.tables import render_result  # noqa: PLC0415

    if plot:
        check_plot(plot)
    if "kinds" in options:
        kinds = _parse_pairs("--kinds", options["kinds"], KINDS)
        options["kinds"] = {**KINDS, **{name: (value.lower(),) for name, value in kinds.items()}}
    if "ratings" in options:
        options["ratings"] = {**RATINGS, **_parse_pairs("--ratings", options["ratings"], RATINGS)}
    options |= {name: split_names(options[name]) for name in ("raters", "sides") if name in options}
    parsed = EvaluationOptions(**options)
    table = _filter(read_scores(data), where or [])
    chosen = select_columns(table, split_names(metrics), needed=experiment not in WITHOUT_METRICS)
    result = EXPERIMENTS[experiment](table, chosen, parsed)
    if plot:
        write_plot(plot, result)
    if as_json:
        print(to_json({**result.to_dict(), "data": table.name, "options": {**options, "where": where or []}}))
    else:
        printer = console()
        printer.print(render_result(printer, result))


def _filter(table: ScoreTable, conditions: Iterable[str]) -> ScoreTable:
    """The rows for which every "column=value" holds. Raises InputError."""
    for condition in conditions:
        column, sign, value = condition.partition("=")
        if not sign:
            raise InputError(f"--where is {quote_value(condition)}; it must be COLUMN=VALUE")
        table = table.where(column, value)
    return table


def _parse_pairs(option: str, text: str | None, allowed: Iterable[str]) -> dict[str, str]:
    """What "a=1,b=2" assigns. Raises InputError."""
    pairs = {}
    for part in text.split(",") if text else ():
        name, _, value = part.strip().partition("=")
        if not value or name not in allowed:
            raise InputError(f"{option} has {quote_value(part)}; write NAME=VALUE with a name of {', '.join(allowed)}")
        pairs[name] = value
    return pairs
