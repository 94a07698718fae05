"""`editjudge demo`: the edits that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from editjudge.cli.console import console, progress
from editjudge.cli.options import BundleName, Debug, Device
from editjudge.cli.outputs import HTML, check_outputs
from editjudge.datasets.demo import DemoInput, load_demo, load_photographs
from editjudge.reports.candidates import Candidate, RankedEdit
from editjudge.reports.html import render_html
from editjudge.reports.terminal_ranking import render_summary
from editjudge.scorer import Scorer
from editjudge.utils import atomic_file


def demo(
    report: Annotated[Path, typer.Option(help="Where the report goes.", metavar="FILE.html")] = Path("demo.html"),
    photographs: Annotated[
        bool, typer.Option("--photographs", help="Edits of photographs, which --bundle studio does not know.")
    ] = False,
    bundle: BundleName = "studio",
    device: Device = "auto",
    debug: Debug = False,
) -> None:
    """Score the edits that come with the package, and write a report."""
    inputs = load_photographs() if photographs else load_demo()
    check_outputs([], report=(report, HTML))
    edits = []
    with progress() as bar:
        task = bar.add_task("loading the models", total=None)
        scorer = Scorer.load(bundle, device)
        bar.update(task, total=len(inputs))
        for entry in inputs:
            bar.update(task, description=f"scoring: {entry.id}")
            edits.append(_rank(scorer, entry))
            bar.advance(task)
    atomic_file.write(report, render_html(edits, "editjudge demo --photographs" if photographs else "editjudge demo"))
    printer = console()
    for edit in edits:
        printer.print(render_summary(printer, edit))
    printer.print(f"Report with pictures: {report}", soft_wrap=True)


def _rank(scorer: Scorer, entry: DemoInput) -> RankedEdit:
    """The candidates of an input, best first, with what each is known to be."""
    files = [candidate.file for candidate in entry.candidates]
    candidates = []
    for ranked in scorer.prepare(entry.original, entry.instruction).rank(files):
        known = entry.candidates[ranked.index]
        candidates.append(Candidate(known.file.name, ranked.score, known.label, ranked.error))
    return RankedEdit(entry.instruction, tuple(candidates), entry.id)
