"""`editjudge mask`: the region that an edit concerns, for editing models to be guided by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from editjudge import atomic, image
from editjudge.errors import InputError
from editjudge.flags import meaning
from editjudge.mask import latent_mask_png, mask_png, union_mask

LOST = ("source_not_found", "target_not_found")


def mask(
    original: Annotated[Path, typer.Argument(metavar="ORIGINAL", help="The picture before the edit.")],
    edited: Annotated[Path, typer.Argument(metavar="EDITED", help="The picture after a first edit.")],
    instruction: Annotated[str, typer.Argument(metavar="INSTRUCTION", help="What was asked for, in English.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.png", help="As large as ORIGINAL.")],
    latent: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="In latent cells, too.", show_default=False)
    ] = None,
    factor: Annotated[int, typer.Option(min=1, help="Pixels of a latent cell's side.")] = 8,
    bundle: Annotated[str, typer.Option("--bundle", "-b", help="A bundle's name, or its folder.")] = "studio",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, tensorrt, rtx or openvino.")] = "auto",
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Write the region that an edit concerns, in the original and the edited picture together, white on black."""
    from editjudge.scorer import Scorer  # noqa: PLC0415  (the models' libraries)

    if latent is not None and latent.resolve() == output.resolve():
        raise InputError(f"writing {latent} would replace another file of this command; choose another name")
    atomic.check_outputs([output, latent], [original, edited])
    pictures = image.load(original), image.load(edited)  # before the models, so that a wrong path is told at once
    score = Scorer.load(bundle, device).score(*pictures, instruction)
    inside = float((union_mask(score) > 0).mean())
    lost = " ".join(meaning(flag) for flag in score.flags if flag in LOST)
    if not inside:
        raise InputError(f"there is no region to write: {lost or 'nothing was found.'} Try other words or another edit")
    contents = {output: mask_png(score), **({latent: latent_mask_png(score, factor)} if latent else {})}
    for path, content in contents.items():
        atomic.write(path, content)
    typer.echo(f"{', '.join(map(str, contents))}: {100 * inside:.1f} % of the picture. {lost}".rstrip())
