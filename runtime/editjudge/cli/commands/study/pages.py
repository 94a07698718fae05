"""`editjudge study DATA`: pages on which people rate the edits of a data set."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer

from editjudge.cli.options import Debug, FormatName
from editjudge.datasets import open_dataset
from editjudge.errors import InputError
from editjudge.server.run import Address
from editjudge.utils.text import printable


def show_pages(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Edits, as score-dataset reads them.")],
    *,
    db: Annotated[Path, typer.Option(metavar="FILE", help="The ratings; what is there already goes on.")],
    kind: Annotated[
        Literal["rate", "prefer", "masks"], typer.Option(help="1 to 5 for each, the better of two, or masks.")
    ] = "rate",
    seed: Annotated[int, typer.Option(min=0, help="Of all orders.")] = 0,
    checks: Annotated[int, typer.Option(min=0, help="Pages that tell whether a rater looks.")] = 0,
    pairs: Annotated[
        int | None, typer.Option(min=1, help="Pairs of an input that are compared.", show_default="all")
    ] = None,
    codes: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Who may rate, a code a line.", show_default="anybody")
    ] = None,
    title: Annotated[str | None, typer.Option(help="What the pages are headed with.")] = None,
    host: Annotated[str, typer.Option(help="An address of this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any that is free.")] = 8401,
    edited: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Edited pictures in place of the set's.")
    ] = None,
    format_name: FormatName = None,
    debug: Debug = False,
) -> None:
    """Show the edits of DATA to raters, until a signal comes."""
    from editjudge.study.database import StudyDatabase  # noqa: PLC0415
    from editjudge.study.design import default_design  # noqa: PLC0415
    from editjudge.study.items import read_items, tell_left_out  # noqa: PLC0415
    from editjudge.study.web.run import run_study  # noqa: PLC0415

    dataset = open_dataset(data, format_name, edited)
    items, fingerprint = read_items(dataset, kind)
    with StudyDatabase.open_or_create(db, default_design(kind, seed, checks, pairs), items, fingerprint) as study:
        if codes is not None:
            study.allow(_read_codes(codes))
        if (left_out := tell_left_out(items, kind)) is not None:
            typer.echo(left_out, err=True)
        run_study(study, dataset, Address(host, port), _announce, title=title)


def _read_codes(path: Path) -> list[str]:
    """The codes of a file, without empty lines. Raises InputError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the codes {path} cannot be read: {error}; write a text file with one on each line"
        ) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _announce(address: str) -> None:
    with suppress(OSError):  # nobody reads it
        print(printable(f"raters open {address}/ ; end with Ctrl-C, what is answered is kept"), flush=True)
