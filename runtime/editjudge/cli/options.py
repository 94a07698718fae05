"""The arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from editjudge.datasets import FORMATS
from editjudge.metrics.registry import CHOICES

METRIC_NAMES = CHOICES

Original = Annotated[str, typer.Argument(metavar="ORIGINAL", help="The picture before the edit.")]
Instruction = Annotated[str, typer.Argument(metavar="INSTRUCTION", help="What was asked for, in English.")]
Data = Annotated[Path, typer.Argument(metavar="DATA", help="CSV, TSV, JSON, JSON lines, parquet, or a folder.")]
FormatName = Annotated[str | None, typer.Option("--format", help=f"{', '.join(FORMATS)}; by default recognised.")]
EditedFolder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Take the edited pictures from here, named by their ids.")
]
BundleName = Annotated[str, typer.Option("--bundle", "-b", help="A bundle's name, or its folder with a slash in it.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, tensorrt, rtx, openvino, webgpu, coreml or directml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Report = Annotated[Path | None, typer.Option(help="Write an HTML report.", metavar="FILE.html")]
CompatOption = Annotated[
    str | None, typer.Option(help="paper: the paper's plain sum; released: score as the authors' code does.")
]
LookOption = Annotated[
    str | None,
    typer.Option(
        "--look",
        help="changes: look at an edited picture only where it changed; all: at all of it.",
        show_default="as the bundle says",
    ),
]
ScoreBudget = Annotated[
    float | None,
    typer.Option(
        "--budget-ms",
        metavar="MS",
        help="The milliseconds that it may take, once all models are open, to read the instruction and to score: "
        "what there is no time for is left out.",
        show_default="as long as it takes",
    ),
]
RankBudget = Annotated[
    float | None,
    typer.Option(
        "--budget-ms",
        metavar="MS",
        help="The milliseconds that all candidates may take together, once the instruction is read and the original "
        "looked at: what there is no time for is left out.",
        show_default="as long as it takes",
    ),
]
AcceptAt = Annotated[
    float | None,
    typer.Option(metavar="P", help="Accept from this probability on, 0 to 1.", show_default="the bundle's"),
]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads of each model.", show_default="all cores")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]  # `main.run` reads it


def split_names(text: str | None) -> tuple[str, ...]:
    """What "a, b" lists; nothing for None."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
