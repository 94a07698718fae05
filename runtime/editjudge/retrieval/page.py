"""What was found in an index, for people: as a table in a terminal, and as a page with the pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

import editjudge
from editjudge.reports.html import render_template
from editjudge.retrieval.edit_table import Thumbnails
from editjudge.retrieval.index import FoundEdit
from editjudge.retrieval.manifest import IndexManifest
from editjudge.retrieval.thumbnails import inline_thumbnail
from editjudge.utils.text import printable

LONGEST_TEXT = 300
"""Characters of an instruction, or of a name."""


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What was looked for, and what was found.

    Attributes:
        query: The instruction, or the names of the two pictures.
        thumbnails: The pictures of the query, where it is an edit.
        notes: What is to be known of the query, as sentences.
        found: The nearest first.
        manifest: Of the index.
    """

    query: str
    found: Sequence[FoundEdit]
    manifest: IndexManifest
    thumbnails: Thumbnails | None = None
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """How many of how many, and by what."""
        manifest = self.manifest
        edits = "edit" if manifest.count == 1 else "edits"
        return (
            f"{len(self.found):,} nearest of {manifest.count:,} {edits} of {manifest.data}, "
            f"by {manifest.encoder} of bundle {manifest.bundle} {manifest.bundle_version}"
        )


def render_found(console: Console, result: SearchResult) -> RenderableType:
    """Rank, cosine, name and instruction of each, in the width of the console."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "cosine", "id", "instruction"):
        right = name in {"", "cosine"}
        table.add_column(name, justify="right" if right else "left", no_wrap=right, overflow="fold")
    for one in result.found:
        texts = Text(_shorten(one.edit.id)), Text(_shorten(one.edit.instruction))
        table.add_row(str(one.rank), f"{one.cosine:.3f}", *texts)
    return Group(Text(_shorten(result.query), style="bold"), table, Text(printable(result.summary), style="dim"))


def render_page(result: SearchResult) -> str:
    """One HTML file that needs nothing else, whatever the texts hold: they are escaped and shown as they are."""
    return render_template(
        "found.html.j2",
        [],
        title="Edits found",
        bundle=f"{result.manifest.bundle} {result.manifest.bundle_version}",
        version=editjudge.__version__,
        placements="",
        query=_shorten(result.query),
        by_text=result.thumbnails is None,
        pictures=_inline(result.thumbnails) if result.thumbnails else None,
        notes=result.notes,
        summary=result.summary,
        is_directed=result.manifest.encoder == "edit_clip",
        found=[_describe(one) for one in result.found],
    )


def _shorten(text: str) -> str:
    return printable(text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}...")


def _describe(found: FoundEdit) -> dict[str, Any]:
    edit = found.edit
    names = [re.split(r"[/\\]", path)[-1] for path in (edit.original, edit.edited) if path]
    return {
        "rank": found.rank,
        "cosine": found.cosine,
        "id": _shorten(edit.id),
        "instruction": _shorten(edit.instruction),
        "files": " → ".join(names),
        "pictures": _inline(found.thumbnails),
    }


def _inline(thumbnails: Thumbnails) -> dict[str, str]:
    return {"original": inline_thumbnail(thumbnails.original), "edited": inline_thumbnail(thumbnails.edited)}
