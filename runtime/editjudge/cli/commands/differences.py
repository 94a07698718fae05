"""`editjudge differences`: what changed between two pictures, and whether it was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from editjudge.cli.console import console
from editjudge.cli.options import BundleName, Debug, Device, Json, Original, Report, Threads
from editjudge.cli.outputs import HTML, PNG, check_outputs
from editjudge.cli.pictures import list_files, name_picture
from editjudge.errors import InputError
from editjudge.guidance import encode_png, find_difference_mask
from editjudge.image.decode import load_picture
from editjudge.metrics.dice.difference import PictureDifferences
from editjudge.reports.differences import pair_to_dict
from editjudge.reports.html import render_differences_page
from editjudge.reports.terminal_differences import render_differences
from editjudge.scorer import Scorer
from editjudge.utils import atomic_file
from editjudge.utils.json_safe import to_json


def differences(
    original: Original,
    edited: Annotated[str, typer.Argument(metavar="EDITED", help="The picture after the edit.")],
    instruction: Annotated[
        str | None,
        typer.Argument(
            metavar="INSTRUCTION", help="What was asked for, in English: then each is said to be so or not."
        ),
    ] = None,
    *,
    bundle: BundleName = "studio",
    device: Device = "auto",
    as_json: Json = False,
    report: Report = None,
    mask: Annotated[
        Path | None, typer.Option(help="Write where the listed ones changed, white on black.", metavar="FILE.png")
    ] = None,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """List what was added, removed and edited, where, and whether it was asked for."""
    check_outputs(list_files([original, edited]), report=(report, HTML), mask=(mask, PNG))
    pictures = load_picture(original), load_picture(edited)  # before the models: a wrong path is reported at once
    found = Scorer.load(bundle, device, threads).differences(*pictures, instruction)
    if report:
        atomic_file.write(report, render_differences_page(found, name_picture(edited), instruction))
    problem = _write_mask(mask, found) if mask else None
    if as_json:
        print(to_json(pair_to_dict(found, original, edited, instruction)))
    else:
        printer = console()
        printer.print(render_differences(printer, instruction, found))
    if problem:
        raise problem


def _write_mask(path: Path, found: PictureDifferences) -> InputError | None:
    """Writes what changed; where nothing did, returns why, so that this can be told after the rest."""
    try:
        atomic_file.write(path, encode_png(find_difference_mask(found)))
    except InputError as problem:
        return problem
    return None
