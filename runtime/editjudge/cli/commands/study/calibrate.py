"""`editjudge calibrate`: fits a bundle's numbers to people's ratings, where that helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from editjudge.bundles.bundle import Bundle
from editjudge.cli.console import console
from editjudge.cli.options import BundleName, Debug, Device, FormatName, Json, Threads
from editjudge.cli.row_progress import row_bar
from editjudge.datasets import Dataset, open_dataset
from editjudge.errors import InputError
from editjudge.utils.json_safe import to_json
from editjudge.utils.signals import raise_signals
from editjudge.utils.text import printable

if TYPE_CHECKING:
    from editjudge.calibration.rated_edits import RatedEdits


def calibrate(
    ratings: Annotated[list[Path], typer.Argument(metavar="RATINGS", help="Rated edits, as studies export them.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="The new bundle; by default where --bundle finds it."),
    ] = None,
    bundle: BundleName = "studio",
    format_name: FormatName = None,
    good_from: Annotated[float, typer.Option(min=1, max=5, help="The rating from which an edit is well done.")] = 4.0,
    right: Annotated[
        float, typer.Option(min=0.5, max=1, help="The share of accepted, and of rejected, edits that raters agree to.")
    ] = 0.9,
    resamples: Annotated[int, typer.Option(min=100, max=100_000, help="Of the bootstrap.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the folds and the bootstrap.")] = 0,
    device: Device = "auto",
    threads: Threads = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Fit the numbers of a bundle to people's ratings of edits, and write a bundle with them, where that helps."""
    from editjudge.calibration.bundle_copy import check_folder, copy_bundle, place_bundle  # noqa: PLC0415
    from editjudge.calibration.calibrate import BundleNumbers, FitOptions  # noqa: PLC0415
    from editjudge.calibration.calibrate import calibrate as fit_ratings  # noqa: PLC0415
    from editjudge.evaluation.tables import render_result  # noqa: PLC0415

    source = Bundle.load(bundle)
    folder = output or place_bundle(f"{source.name}-calibrated")
    check_folder(folder)
    printer = console()
    with raise_signals():
        tables = [open_dataset(path, format_name) for path in ratings]
        edits, left_out = _score(tables, bundle, good_from, device, threads)
        options = FitOptions(good_from, right, resamples, seed)
        start = BundleNumbers(source.manifest.norm, source.manifest.verdict)
        with Console(stderr=True).status("fitting"):
            found = fit_ratings(edits, start, options, left_out)
        sections: dict[str, Any] = {
            "norm": found.norm,
            "verdict": found.verdict,
            "quality_scale": found.quality_scale,
            "calibrated_on": found.calibrated_on,
        }
        fitted = {name: asdict(section) for name, section in sections.items()}
        told = to_json({**found.result.to_dict(), **fitted, "refusal": found.refusal})
        try:
            if found.refusal is None:
                copy_bundle(source, folder, sections)
        finally:  # what was measured is not lost with a disk that is full
            if as_json:
                print(told)
            else:
                printer.print(render_result(printer, found.result))
    if found.refusal is not None:
        raise InputError(found.refusal)
    if not as_json:
        named = folder.name if output is None else f"{folder.absolute().parent}/{folder.name}"
        typer.echo(f"{printable(str(folder.absolute()))} is written; score by it with --bundle {printable(named)}")


def _score(
    tables: Sequence[Dataset], bundle: str, good_from: float, device: str, threads: int | None
) -> tuple[RatedEdits, dict[str, int]]:
    """The rated edits of all tables that have a number, and what was left out. Raises InputError."""
    from editjudge import Scorer  # noqa: PLC0415
    from editjudge.calibration.rated_edits import RatedEdits, score_ratings  # noqa: PLC0415
    from editjudge.calibration.ratings import read_ratings  # noqa: PLC0415

    rated, counts = read_ratings(tables, good_from)
    left_out, rows, reasons = Counter(counts), [], []
    with Scorer.load(bundle, device, threads) as scorer, row_bar() as bar:
        task = bar.add_task("scoring", total=sum(map(len, rated)), failed="")
        for table, some in zip(tables, rated, strict=True):
            watch = partial(_advance, bar, task, bar.tasks[task].completed)
            scored, others, reason = score_ratings(scorer, table, some, watch)
            rows += scored
            left_out += others
            reasons += [] if reason is None else [reason]
    if not rows and reasons:
        raise InputError(f"no rated edit can be read: {reasons[0]}")
    if reasons:
        typer.echo(f"{left_out['not readable']} rated edits cannot be read, the first: {reasons[0]}", err=True)
    return RatedEdits.of(rows), dict(left_out)


def _advance(bar: Progress, task: TaskID, before: float, done: int) -> None:
    bar.update(task, completed=before + done)
