"""`editjudge rank`: several edits of one picture, best first."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from editjudge.cli.console import console, progress
from editjudge.cli.options import (
    AcceptAt,
    BundleName,
    CompatOption,
    Debug,
    Device,
    Instruction,
    Json,
    LookOption,
    Original,
    RankBudget,
    Report,
    Threads,
)
from editjudge.cli.outputs import HTML, check_outputs
from editjudge.cli.pictures import list_files, name_picture
from editjudge.image.decode import load_picture
from editjudge.metrics.looking.choose import check_look
from editjudge.metrics.registry import check_compat
from editjudge.ranking import Prepared, RankedCandidate, best_first, check_speed
from editjudge.reports.candidates import RankedEdit, name_candidates, ranking_to_dict
from editjudge.reports.html import render_html
from editjudge.reports.terminal_ranking import render_ranking
from editjudge.scorer import Scorer
from editjudge.utils import atomic_file
from editjudge.utils.json_safe import to_json


def rank(
    original: Original,
    instruction: Instruction,
    edited: Annotated[list[str], typer.Argument(metavar="EDITED...", help="The candidates.")],
    *,
    bundle: BundleName = "studio",
    device: Device = "auto",
    as_json: Json = False,
    report: Report = None,
    threads: Threads = None,
    compat: CompatOption = None,
    accept_at: AcceptAt = None,
    look: LookOption = None,
    best: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="K", help="Look at no more of the others than tells the best K.", show_default="all"
        ),
    ] = None,
    budget_ms: RankBudget = None,
    debug: Debug = False,
) -> None:
    """Rank several edits of one picture, best first.

    Those that cannot be judged come after those that can, in the order that the pictures themselves give; one that
    cannot be read, or that there was no time for, comes last, with the reason.
    """
    check_speed(best, budget_ms)
    check_outputs(list_files([original, *edited]), report=(report, HTML))
    picture = load_picture(original)
    scorer = Scorer.load(bundle, device, threads, check_compat(compat), accept_at=accept_at, look=check_look(look))
    if budget_ms is not None:
        scorer.warm_up(instruction)
    prepared = scorer.prepare(picture, instruction)
    if best is None:
        ranked = _rank(prepared, edited, budget_ms, evidence=report is not None)
    else:
        ranked = prepared.rank(edited, best=best)
    candidates = name_candidates(ranked, [name_picture(one) for one in edited])
    edit = RankedEdit(instruction, candidates)
    if report:
        atomic_file.write(report, render_html([edit]))
    if as_json:
        print(to_json(ranking_to_dict(instruction, ranked, edited)))
    else:
        printer = console()
        printer.print(render_ranking(printer, edit))


def _rank(prepared: Prepared, edited: list[str], budget_ms: float | None, evidence: bool) -> list[RankedCandidate]:
    """The best first, with a progress bar. evidence: whether the scores are to keep theirs, megabytes each."""
    ranked = []
    with progress() as bar:
        for entry in bar.track(prepared.scores(edited, budget_ms=budget_ms), total=len(edited), description="scoring"):
            slim = replace(entry, score=entry.score and entry.score.without_evidence())
            ranked.append(entry if evidence else slim)
    return best_first(ranked)
