"""`editjudge evaluate differences` and `coherence`: lists of differences that were found against the true ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from editjudge.cli.console import console
from editjudge.cli.options import Debug, Json
from editjudge.reports.figures import check_plot
from editjudge.utils.json_safe import to_json

Predictions = Annotated[
    Path, typer.Argument(metavar="PREDICTIONS", help="Differences found: DICE's .json, or .jsonl, a pair a line.")
]
Truth = Annotated[Path, typer.Argument(metavar="TRUTH", help="The true ones, in either form.")]
Decisions = Annotated[Path | None, typer.Option(metavar="FILE.json", help="DICE's decisions on the differences found.")]
TrueDecisions = Annotated[
    Path | None, typer.Option(metavar="FILE.json", help="The true decisions, where TRUTH is a list of DICE's.")
]
Resamples = Annotated[int, typer.Option(min=0, help="Of the bootstrap; 0 for no intervals.")]
Seed = Annotated[int, typer.Option(min=0, help="Of the bootstrap.")]
Plot = Annotated[Path | None, typer.Option(metavar="FILE.png|svg", help="Draw it, too.")]


def differences(
    predictions: Predictions,
    truth: Truth,
    *,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    plot: Plot = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Differences found: COCO's AP, and kinds (DICE)."""
    found, true = (predictions, None), (truth, None)
    _run("differences", found, true, resamples=resamples, seed=seed, plot=plot, as_json=as_json)


def coherence(
    predictions: Predictions,
    truth: Truth,
    *,
    decisions: Decisions = None,
    true_decisions: TrueDecisions = None,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    plot: Plot = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Whether they were asked for: AP, and decisions (DICE)."""
    found, true = (predictions, decisions), (truth, true_decisions)
    _run("coherence", found, true, resamples=resamples, seed=seed, plot=plot, as_json=as_json)


def _run(
    protocol: str,
    found: tuple[Path, Path | None],
    true: tuple[Path, Path | None],
    *,
    plot: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Args: found, true: The file of the differences, and that of DICE's decisions on them."""
    from editjudge.evaluation import PROTOCOLS, EvaluationOptions, read_annotations  # noqa: PLC0415
    from editjudge.evaluation.plots import write_plot  # noqa: PLC0415
    from editjudge.evaluation.tables import render_result  # noqa: PLC0415

    if plot:
        check_plot(plot)
    parsed = EvaluationOptions(**options)
    result = PROTOCOLS[protocol](read_annotations(*found), read_annotations(*true), parsed)
    if plot:
        write_plot(plot, result)
    if as_json:
        print(to_json({**result.to_dict(), "data": found[0].name, "truth": true[0].name, "options": options}))
    else:
        printer = console()
        printer.print(render_result(printer, result))
