"""`editjudge mask`: the region that an edit concerns, for editing models to be guided by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from editjudge.cli.options import BundleName, Debug, Device, Instruction, Original
from editjudge.cli.outputs import PNG, check_outputs
from editjudge.cli.pictures import list_files
from editjudge.errors import InputError
from editjudge.guidance import encode_png, find_mask, latent_mask
from editjudge.image.decode import load_picture
from editjudge.scorer import Scorer
from editjudge.utils import atomic_file


def mask(
    original: Original,
    edited: Annotated[str, typer.Argument(metavar="EDITED", help="The picture after a first edit.")],
    instruction: Instruction,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.png", help="As large as ORIGINAL.")],
    latent: Annotated[Path | None, typer.Option(metavar="FILE.png", help="In latent cells, too.")] = None,
    factor: Annotated[int, typer.Option(min=1, help="Pixels of a latent cell's side.")] = 8,
    bundle: BundleName = "studio",
    device: Device = "auto",
    debug: Debug = False,
) -> None:
    """Write the region that an edit concerns, in both pictures together, white on black.

    Where no object of the edit is found, it is the region that changed.
    """
    if latent is not None and latent.resolve() == output.resolve():
        raise InputError(f"writing {latent} would replace another file of this command; choose another name")
    check_outputs(list_files([original, edited]), output=(output, PNG), latent=(latent, PNG))
    pictures = load_picture(original), load_picture(edited)  # before the models: a wrong path is reported at once
    score = Scorer.load(bundle, device).score(*pictures, instruction)
    region = find_mask(score)
    contents = {output: encode_png(region.mask)}
    if latent:
        contents[latent] = encode_png(latent_mask(score, factor))
    for path, content in contents.items():
        atomic_file.write(path, content)
    inside = 100 * float((region.mask > 0).mean())
    note = f"; {region.note}" if region.is_change_map else ""
    typer.echo(f"{', '.join(map(str, contents))}: {inside:.1f} % of the picture{note}")
