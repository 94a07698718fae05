"""`editjudge calibrate`: fits a bundle's numbers to people's ratings, where that helps."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from editjudge.bundles.bundle import Bundle
from editjudge.cli.console import console
from editjudge.cli.options import BundleName, Debug, Device, FormatName, Json, Threads
from editjudge.cli.row_progress import row_bar
from editjudge.datasets import open_dataset
from editjudge.errors import InputError
from editjudge.utils.json_safe import to_json
from editjudge.utils.text import printable


def calibrate(
    ratings: Annotated[Path, typer.Argument(metavar="RATINGS", help="Rated edits, as a study exports them.")],
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
    from editjudge import Scorer  # noqa: PLC0415
    from editjudge.calibration.bundle_copy import check_folder, copy_bundle, place_bundle  # noqa: PLC0415
    from editjudge.calibration.calibrate import BundleNumbers, FitOptions  # noqa: PLC0415
    from editjudge.calibration.calibrate import calibrate as fit_ratings  # noqa: PLC0415
    from editjudge.calibration.rated_edits import read_ratings, score_ratings  # noqa: PLC0415
    from editjudge.evaluation.tables import render_result  # noqa: PLC0415

    source = Bundle.load(bundle)
    folder = output or place_bundle(f"{source.name}-calibrated")
    check_folder(folder)
    dataset = open_dataset(ratings, format_name)
    rated = read_ratings(dataset, good_from)
    if not rated:
        raise InputError(f"{ratings} has no ratings; they must stand in a column named human")
    with Scorer.load(bundle, device, threads) as scorer, row_bar() as bar:
        task = bar.add_task("scoring", total=len(rated), failed="")
        edits, left_out = score_ratings(scorer, dataset, rated, lambda done: bar.update(task, completed=done))
    manifest = source.manifest
    options = FitOptions(good_from, right, resamples, seed)
    found = fit_ratings(edits, BundleNumbers(manifest.norm, manifest.verdict), options, left_out)
    sections: dict[str, Any] = {
        "norm": found.norm,
        "verdict": found.verdict,
        "quality_scale": found.quality_scale,
        "calibrated_on": found.calibrated_on,
    }
    if found.refusal is None:  # before anything is printed, which nobody may read
        copy_bundle(source, folder, sections)
    if as_json:
        fitted = {name: asdict(section) for name, section in sections.items()}
        print(to_json({**found.result.to_dict(), **fitted, "refusal": found.refusal}))
    else:
        printer = console()
        printer.print(render_result(printer, found.result))
    if found.refusal is not None:
        raise InputError(found.refusal)
    if not as_json:
        named = folder.name if output is None else f"{folder.absolute().parent}/{folder.name}"
        typer.echo(f"{folder.name} is written; score by it with --bundle {printable(named)}")
