"""`editjudge study show`: how far a study is, and what can be said already."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from editjudge.cli.console import console
from editjudge.cli.options import Debug, Json
from editjudge.errors import InputError
from editjudge.utils.json_safe import to_json


def show(
    db: Annotated[Path, typer.Argument(metavar="RATINGS.sqlite", help="The file of a study.")],
    *,
    passed_checks: Annotated[bool, typer.Option("--passed-checks", help="Without raters who failed a check.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show who has answered how much, and how raters agree."""
    from editjudge.evaluation.tables import render_result  # noqa: PLC0415
    from editjudge.study.database import StudyDatabase  # noqa: PLC0415
    from editjudge.study.summary import compare_raters, count_preferences, list_raters  # noqa: PLC0415

    with StudyDatabase.open(db) as study:
        raters = list_raters(study)
        shares = count_preferences(study) if study.design.kind == "prefer" else []
        try:
            result, reason = compare_raters(study, passed_checks), None
        except InputError as error:  # the rest can be shown
            result, reason = None, str(error)
        pages, kind = study.page_count, study.design.kind
    if as_json:
        found: dict[str, Any] = {"kind": kind, "pages": pages, "raters": [asdict(one) for one in raters]}
        found |= {"preferences": [asdict(one) for one in shares], "no_agreement": reason}
        print(to_json({**found, "agreement": None if result is None else result.to_dict()}))
        return
    printer = console()
    for one in raters:
        checks = f", {one.checks.passed} of {one.checks.answered} checks passed" if one.checks.answered else ""
        printer.print(f"{one.code}: {one.answered} of {pages} pages{checks}", markup=False, highlight=False)
    for pair in shares:
        counts = f"{pair.better} better, {pair.equal} equal, {pair.worse} worse, {pair.split} without a majority"
        line = f"{pair.side}: {pair.first} against {pair.second}: {counts}"
        printer.print(line, markup=False, highlight=False)
    if result is not None:
        printer.print(render_result(printer, result))
    else:
        printer.print(f"No agreement can be told: {reason}", markup=False, highlight=False)
