"""`editjudge evaluate retrieval`: whether instructions and edits of a data set find each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editjudge.bundles.bundle import Bundle
from editjudge.cli.console import console
from editjudge.cli.options import Debug, Device, EditedFolder, FormatName, Json, Threads
from editjudge.cli.row_progress import row_bar
from editjudge.datasets import Dataset, open_dataset
from editjudge.errors import InputError
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.encoder import EDIT_CLIP, ENCODERS
from editjudge.reports.figures import check_plot
from editjudge.retrieval import EditIndex
from editjudge.retrieval.edit_table import FILE_NAME as TABLE_OF_INDEX
from editjudge.utils.json_safe import to_json

if TYPE_CHECKING:
    from editjudge.evaluation import CaptionedEdits

USUAL_BUNDLE = "studio, or that of the index"


def retrieval(
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="CSV, TSV, JSON, JSON lines, parquet, a folder, or an index of edits."),
    ],
    *,
    form: FormatName = None,
    edited: EditedFolder = None,
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle", "-b", help="A bundle's name, or its folder with a slash in it.", show_default=USUAL_BUNDLE
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help=f"{' or '.join(ENCODERS)}, which is blind to order.", show_default=f"{EDIT_CLIP}, or that of the index"
        ),
    ] = None,
    device: Device = "auto",
    threads: Threads = None,
    resamples: Annotated[int, typer.Option(min=0, help="Of the bootstrap; 0 for no intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png|svg", help="Draw it, too.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Instructions and edits that find each other: ranks, R@k.

    Of instructions that are the same, each is right for the edits of all. Equal cosines are ranked in the middle: 1,
    plus the better ones, plus half of the wrong ones that are equal.
    """
    from editjudge.evaluation import EvaluationOptions, caption_indexed  # noqa: PLC0415
    from editjudge.evaluation.experiments.retrieval import retrieval as find_ranks  # noqa: PLC0415
    from editjudge.evaluation.plots import write_plot  # noqa: PLC0415
    from editjudge.evaluation.tables import render_result  # noqa: PLC0415

    if plot:
        check_plot(plot)
    options: dict[str, Any] = {"resamples": resamples, "seed": seed}
    parsed = EvaluationOptions(**options)
    embed: Callable[[ModelSet], CaptionedEdits]
    if (data / TABLE_OF_INDEX).is_file():
        index = _open_index(data, encoder=encoder, others=(form, edited))
        encoder, embed = index.manifest.encoder, partial(caption_indexed, index)
        bundle = bundle or index.manifest.bundle
    else:
        encoder, bundle = encoder or EDIT_CLIP, bundle or "studio"
        embed = partial(_embed_rows, open_dataset(data, form, edited), encoder=encoder)
    with closing(ModelSet(Bundle.load(bundle), device, threads)) as models:
        edits = embed(models)
    result = find_ranks(edits, parsed)
    if plot:
        write_plot(plot, result)
    if as_json:
        options = {"bundle": bundle, "encoder": encoder, **options}
        print(to_json({**result.to_dict(), "data": edits.name, "options": options}))
    else:
        printer = console()
        printer.print(render_result(printer, result))


def _open_index(folder: Path, *, encoder: str | None, others: tuple[object, ...]) -> EditIndex:
    """Raises InputError, where options say otherwise as well."""
    index = EditIndex.open(folder)
    if any(other is not None for other in others):
        raise InputError(f"{folder} is an index of edits, which has one form; leave out --format and --edited")
    if encoder not in {None, index.manifest.encoder}:
        raise InputError(f"{folder} was made by {index.manifest.encoder}; leave out --encoder, or give the data set")
    return index


def _embed_rows(dataset: Dataset, models: ModelSet, encoder: str) -> CaptionedEdits:
    from editjudge.evaluation import embed_captioned  # noqa: PLC0415

    with _bar(len(dataset)) as watch:
        return embed_captioned(dataset, models, encoder, watch)


@contextmanager
def _bar(rows: int) -> Iterator[Callable[[int, int], None]]:
    """Shows how many rows are embedded, and how many could not be."""
    with row_bar() as bar:
        task = bar.add_task("embedding", total=rows, failed="")

        def watch(done: int, failed: int) -> None:
            bar.update(task, completed=done, failed=f"{failed:,} failed" if failed else "")

        yield watch
