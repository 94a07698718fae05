"""`editjudge score`: one edit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from editjudge.cli.console import console
from editjudge.cli.options import (
    METRIC_NAMES,
    AcceptAt,
    BundleName,
    CompatOption,
    Debug,
    Device,
    Instruction,
    Json,
    LookOption,
    Original,
    Report,
    ScoreBudget,
    Threads,
)
from editjudge.cli.outputs import HTML, PNG, check_outputs
from editjudge.cli.pictures import list_files, name_picture
from editjudge.cli.streams import print_error
from editjudge.errors import InputError
from editjudge.guidance import encode_png, find_mask
from editjudge.image.decode import load_picture
from editjudge.metrics.looking.choose import check_look
from editjudge.metrics.registry import EditScore, check_compat, parse_names
from editjudge.reports.candidates import Candidate, RankedEdit
from editjudge.reports.html import render_html
from editjudge.reports.metrics_table import list_left_out, render_metrics
from editjudge.reports.terminal import render_score
from editjudge.scorer import Scorer
from editjudge.utils import atomic_file
from editjudge.utils.deadlines.budget import check_budget
from editjudge.utils.json_safe import to_json
from editjudge.utils.text import printable


def score(
    original: Original,
    edited: Annotated[str, typer.Argument(metavar="EDITED", help="The picture after the edit.")],
    instruction: Instruction,
    *,
    bundle: BundleName = "studio",
    device: Device = "auto",
    as_json: Json = False,
    report: Report = None,
    mask: Annotated[
        Path | None, typer.Option(help="Write the edited region, or else what changed.", metavar="FILE.png")
    ] = None,
    threads: Threads = None,
    metrics: Annotated[str | None, typer.Option(help=f"Print these as well: all, or some of {METRIC_NAMES}.")] = None,
    compat: CompatOption = None,
    accept_at: AcceptAt = None,
    look: LookOption = None,
    budget_ms: ScoreBudget = None,
    debug: Debug = False,
) -> None:
    """Score one edit, 0 to 2, and say whether to accept it."""
    check_outputs(list_files([original, edited]), report=(report, HTML), mask=(mask, PNG))
    check_budget(budget_ms)
    names = parse_names(metrics) if metrics is not None else ()
    pictures = load_picture(original), load_picture(edited)  # before the models: a wrong path is reported at once
    scorer = Scorer.load(bundle, device, threads, check_compat(compat), accept_at=accept_at, look=check_look(look))
    if budget_ms is not None:
        scorer.warm_up(instruction)
    result = scorer.score(*pictures, instruction, metrics="all" if names is None else names, budget_ms=budget_ms)
    if report:
        atomic_file.write(report, render_html([RankedEdit(instruction, (Candidate(name_picture(edited), result),))]))
    problem = _write_mask(mask, result) if mask else None
    if as_json:
        left_out = {} if metrics is None else {"metrics_left_out": list_left_out(result, names)}
        print(to_json(result.to_dict() | left_out))
    else:
        printer = console()
        printer.print(render_score(printer, instruction, result))
        if metrics is not None:
            printer.print(render_metrics(printer, result, names))
    if problem:
        raise problem


def _write_mask(path: Path, score: EditScore) -> InputError | None:
    """Writes the region; where there is none, returns why, so that the score can be told first."""
    try:
        region = find_mask(score)
        atomic_file.write(path, encode_png(region.mask))
    except InputError as problem:
        return problem
    if region.is_change_map:
        print_error(f"editjudge: {printable(str(path))}: {region.note}")
    return None
