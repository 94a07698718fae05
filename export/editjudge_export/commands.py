"""What the subcommands do; apart from the command line, which has to speak where the `export` extra is missing."""

from __future__ import annotations

import argparse

from . import clip, dino, grounding_dino, lpips, sam
from .build import build
from .export import Exported
from .options import Options


def run(asked: argparse.Namespace) -> list[Exported]:
    """Runs a parsed command line and returns what it wrote. Raises InputError or GateError."""
    source, folder = asked.source, asked.folder
    match asked.command:
        case "clip":
            return clip.export(source, folder, asked.precision, asked.context)
        case "grounding-dino":
            sizes = {"height": asked.height, "width": asked.width, "text_length": asked.text_length}
            return grounding_dino.export(source, folder, asked.precision, **sizes, fit=asked.fit)
        case "sam":
            return sam.export(source, folder, asked.precision)
        case "lpips":
            return lpips.export(source, folder, asked.precision, asked.size)
        case "dino" | "dinov2":
            return dino.export(source, folder, asked.command, asked.precision, asked.size)
        case _:
            return build(source, folder, Options(precision=asked.precision, pairs=asked.pairs))
