"""`editjudge study show`: how far a study is, and what can be said already."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editjudge.cli.console import console
from editjudge.cli.options import Debug, Json
from editjudge.errors import InputError
from editjudge.utils.json_safe import to_json

if TYPE_CHECKING:
    from editjudge.study.summary import PreferenceShares, RaterProgress, StudySummary


def show(
    db: Annotated[Path, typer.Argument(metavar="RATINGS.sqlite", help="The file of a study.")],
    *,
    passed_checks: Annotated[bool, typer.Option("--passed-checks", help="Without raters who failed a check.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show how the study was begun, who has answered how much, mean ratings by editor, and how raters agree."""
    from editjudge.evaluation.tables import render_result  # noqa: PLC0415
    from editjudge.study.database import StudyDatabase  # noqa: PLC0415
    from editjudge.study.summary import (  # noqa: PLC0415
        average_models,
        compare_raters,
        count_preferences,
        describe_study,
        list_raters,
    )

    means, result, reason = None, None, None
    with StudyDatabase.open(db) as study:
        design, raters, pages = describe_study(study), list_raters(study), study.page_count
        shares = count_preferences(study, passed_checks) if design.kind == "prefer" else []
        try:
            means = average_models(study, passed_checks) if design.kind != "prefer" else None
            result = compare_raters(study, passed_checks)
        except InputError as error:  # the rest can be shown
            reason = str(error)
    results = {"means": means, "agreement": result}
    if as_json:
        found: dict[str, Any] = {"kind": design.kind, "design": asdict(design), "pages": pages}
        found |= {"raters": [asdict(one) for one in raters], "preferences": [asdict(one) for one in shares]}
        found |= {name: None if one is None else one.to_dict() for name, one in results.items()}
        print(to_json({**found, "no_agreement": reason}))
        return
    printer = console()
    lines = [_tell_design(design), *(_tell_rater(one, pages) for one in raters), *map(_tell_shares, shares)]
    for line in lines:
        printer.print(line, markup=False, highlight=False)
    for one in filter(None, results.values()):
        printer.print(render_result(printer, one))
    if reason is not None:
        printer.print(f"No agreement can be told: {reason}", markup=False, highlight=False)


def _tell_design(design: StudySummary) -> str:
    pairs = "all" if design.pairs is None else design.pairs
    return f"kind {design.kind}, seed {design.seed}, checks {design.checks}, pairs {pairs}, inputs {design.inputs}"


def _tell_rater(rater: RaterProgress, pages: int) -> str:
    checks = f", {rater.checks.passed} of {rater.checks.answered} checks passed" if rater.checks.answered else ""
    return f"rater {rater.number}, {rater.code}: {rater.answered} of {pages} pages{checks}"


def _tell_shares(pair: PreferenceShares) -> str:
    counts = f"{pair.better} better, {pair.equal} equal, {pair.worse} worse, {pair.split} without a majority"
    return f"{pair.side}: {pair.first} against {pair.second}: {counts}"
