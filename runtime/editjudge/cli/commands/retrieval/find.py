"""`editjudge find`: the edits of an index that are nearest to an instruction, or to another edit."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from editjudge.bundles.bundle import Bundle
from editjudge.cli.commands.retrieval.folder import USUAL_FOLDER
from editjudge.cli.console import console
from editjudge.cli.options import Debug, Device, Json, Report, Threads
from editjudge.cli.outputs import HTML, check_outputs
from editjudge.cli.pictures import list_files, name_picture
from editjudge.cli.streams import print_error
from editjudge.errors import BundleError, InputError
from editjudge.image.decode import load_picture
from editjudge.models.model_set import ModelSet
from editjudge.retrieval import EditIndex, IndexManifest
from editjudge.retrieval.page import SearchResult, render_found, render_page
from editjudge.retrieval.query import (
    CUT,
    UNKNOWN_PICTURE,
    UNKNOWN_WORDS,
    EmbeddedQuery,
    embed_edit_query,
    embed_instruction_query,
)
from editjudge.utils import atomic_file
from editjudge.utils.json_safe import to_json
from editjudge.utils.text import shorten

NOTES = {
    CUT: "The instruction is longer than what is read of one; only its beginning was looked for.",
    UNKNOWN_WORDS: "The instruction has words that this encoder has not learned, and cannot tell apart.",
    UNKNOWN_PICTURE: "The original is unlike what this bundle was made for, so what is found may say nothing.",
}
"""What is said of a query, by its flag."""


def find(
    query: Annotated[
        list[str],
        typer.Argument(metavar="INSTRUCTION | ORIGINAL EDITED", help="Words, or the two pictures of an edit."),
    ],
    folder: Annotated[
        Path, typer.Option("--index", "-i", metavar="FOLDER", help="What editjudge index wrote.")
    ] = USUAL_FOLDER,
    *,
    top: Annotated[int, typer.Option(metavar="N", help="How many edits.")] = 10,
    bundle: Annotated[
        str | None,
        typer.Option("--bundle", "-b", help="The bundle that made the index.", show_default="the one it names"),
    ] = None,
    device: Device = "auto",
    as_json: Json = False,
    report: Report = None,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Find the edits of an index that are nearest to an instruction, or to another edit."""
    check_outputs(list_files(query) if len(query) == 2 else [], report=(report, HTML))
    if not 1 <= top <= 10_000:
        raise InputError(f"--top is {top}; give a whole number from 1 to 10,000")
    _check_query(query)
    edits = EditIndex.open(folder)
    opened = _open_bundle(edits.manifest, bundle)
    with closing(ModelSet(opened, device, threads)) as models:
        embedded = _embed(models, edits.manifest.encoder, query)
    notes = tuple(NOTES[flag] for flag in embedded.flags)
    names = query[0] if len(query) == 1 else " → ".join(map(name_picture, query))
    result = SearchResult(names, edits.find(embedded.vector, top), edits.manifest, embedded.thumbnails, notes)
    if report:
        atomic_file.write(report, render_page(result))
    for note in notes:
        print_error(f"editjudge: note: {note}")
    if as_json:
        asked = {"instruction": query[0]} if len(query) == 1 else dict(zip(("original", "edited"), query, strict=True))
        manifest = edits.manifest
        print(
            to_json(
                {
                    "query": asked,
                    "flags": embedded.flags,
                    "found": [one.to_dict() for one in result.found],
                    "index": str(folder),
                    "count": manifest.count,
                    "encoder": manifest.encoder,
                    "bundle": f"{manifest.bundle} {manifest.bundle_version}",
                }
            )
        )
    else:
        printer = console()
        printer.print(render_found(printer, result))


def _open_bundle(manifest: IndexManifest, bundle: str | None) -> Bundle:
    """The one that is named, or that which made the index. Raises BundleError for another."""
    try:
        opened = Bundle.load(manifest.bundle if bundle is None else bundle)
    except BundleError as error:
        if bundle is not None:
            raise
        raise BundleError(
            f"the index was made by bundle {manifest.bundle} {manifest.bundle_version}, of which there is none here; "
            "give its folder with --bundle"
        ) from error
    manifest.check_bundle(opened)
    return opened


def _check_query(query: list[str]) -> None:
    if len(query) > 2:
        raise InputError(
            f"there are {len(query)} arguments; give one instruction, in quotes, or an original and an edited picture"
        )
    if len(query) == 1 and os.path.isfile(query[0]):
        raise InputError(f"{shorten(query[0])} is a file, not an instruction; give both pictures of an edit")


def _embed(models: ModelSet, encoder: str, query: list[str]) -> EmbeddedQuery:
    if len(query) == 1:
        return embed_instruction_query(models, encoder, query[0])
    original, edited = map(load_picture, query)
    return embed_edit_query(models, encoder, original, edited)
