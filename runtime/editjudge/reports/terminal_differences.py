"""What changed between two pictures, in a terminal: aligned where it is wide enough, else a list."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from editjudge.image.canvas import Content
from editjudge.metrics.dice.difference import Change, Difference, PictureDifferences
from editjudge.metrics.registry import EditScore
from editjudge.reports.differences import (
    ASKED,
    describe_box,
    describe_place,
    describe_share,
    describe_unasked,
    explain_difference,
    measure_changed,
    summarise,
    worst_first,
)
from editjudge.reports.wording import describe_drift
from editjudge.utils.text import printable

STYLES: dict[Change, str] = {"ADD": "green", "REMOVE": "red", "EDIT": "blue"}
"""DICE's colours."""
ASKED_STYLES = {True: "green", False: "red", None: "dim"}
MOST = 5
"""Differences that are listed beside a score."""
COLUMNS = ("", "change", "what", "where", "box", "share", "confidence", "asked for")
CONFIDENCE_COLUMN, ASKED_COLUMN = COLUMNS[-2:]
GAP = 2
"""Spaces between cells."""


def render_differences(console: Console, instruction: str | None, found: PictureDifferences) -> RenderableType:
    """What happened, in a sentence; then a difference a line, with what was measured of it below.

    Args:
        console: Where it will be shown.
        instruction: What was asked for; None: nobody said, so it is not told what of it was.
        found: What changed.
    """
    lines: list[RenderableType] = [Text(summarise(found), style="bold")]
    drift = describe_drift(found)
    if drift:
        lines.append(Text.assemble(("put back before comparing: ", "dim"), drift))
    unasked = describe_unasked(found)
    if unasked:
        lines.append(Text(printable(unasked)))
    if found.differences:
        lines += [Text(), *_rows(console, found, asked=instruction is not None), *_notes(found, instruction)]
    total = found.timings_ms.get("total")
    time = "" if total is None else f" · {total:.0f} ms"
    lines += [Text(), Text(f"bundle {found.bundle}, found by {found.detector}{time}", style="dim")]
    return Group(*lines)


def render_short(score: EditScore) -> Iterator[Text]:
    """The differences of a score, a line each, the worst that was not asked for first."""
    if not score.differences:
        return
    unasked = "" if score.unasked_share is None else f", {100 * score.unasked_share:.0f} % of it not asked for"
    yield Text.assemble(("changed: ", "dim"), f"{describe_share(measure_changed(score))} of the picture{unasked}")
    for index, difference in worst_first(score.differences)[:MOST]:
        place = describe_place(difference.box, score.evidence.content)
        line = Text.assemble((f"{index + 1:>3} ", "bold"), (difference.change, f"bold {STYLES[difference.change]}"))
        line.append(f" {printable(difference.element)}" if difference.element else "")
        line.append(f", {place}" if place else "").append(f", {describe_share(difference.share)}")
        if difference.coherent is not None:
            line.append(": ").append("asked for" if difference.coherent else "not asked for", _asked_style(difference))
        yield line
    further = len(score.differences) - MOST
    if further > 0:
        yield Text(f"    and {further} more", style="dim")


def _rows(console: Console, found: PictureDifferences, asked: bool) -> Iterator[RenderableType]:
    """The differences in aligned columns under their names; where those are too wide, as a list."""
    rows = [list(_cells(index, one, found.evidence.content)) for index, one in enumerate(found.differences)]
    kept = [column for column in range(len(COLUMNS)) if any(row[column] for row in rows)]
    kept = [column for column in kept if asked or COLUMNS[column] != ASKED_COLUMN]
    widths = [max(len(COLUMNS[column]), *(row[column].cell_len for row in rows)) for column in kept]
    wide = sum(widths) + GAP * (len(kept) - 1) <= console.width
    if wide:
        yield _align([Text(COLUMNS[column], style="dim") for column in kept], widths)
    for row, difference in zip(rows, found.differences, strict=True):
        cells = {column: row[column] for column in kept if wide or row[column]}
        yield _align(list(cells.values()), widths) if wide else _name_cells(cells)
        explained = explain_difference(difference)
        if explained:
            yield Padding(Text(printable(explained), style="dim"), (0, 0, 0, widths[0] + GAP), expand=False)


def _cells(index: int, difference: Difference, content: Content) -> Iterator[Text]:
    yield Text(str(index + 1), style="bold")
    yield Text(difference.change, style=f"bold {STYLES[difference.change]}")
    yield Text(printable(difference.element or ""))
    yield Text(describe_place(difference.box, content))
    yield Text(describe_box(difference.box))
    yield Text(describe_share(difference.share))
    yield Text(f"{difference.confidence:.2f}", style="dim")
    likely = "" if difference.coherence is None else f" {difference.coherence:.2f}"
    yield Text(f"{ASKED[difference.coherent]}{likely}", style=_asked_style(difference))


def _asked_style(difference: Difference) -> str:
    return ASKED_STYLES[difference.coherent]


def _align(cells: list[Text], widths: list[int]) -> Text:
    """The cells side by side, each but the last filled up to its width."""
    line = Text()
    for cell, width in zip(cells[:-1], widths, strict=False):
        line.append_text(cell).append(" " * (width - cell.cell_len + GAP))
    return line.append_text(cells[-1])


def _name_cells(cells: dict[int, Text]) -> Text:
    """The cells, by their columns, one after the other; with the names of those that do not speak for themselves."""
    names = {column: f"{COLUMNS[column]}: " for column in cells if COLUMNS[column] in (CONFIDENCE_COLUMN, ASKED_COLUMN)}
    told = [Text.assemble((names.get(column, ""), "dim"), cell) for column, cell in cells.items()]
    return Text(" " * GAP).join(told)


def _notes(found: PictureDifferences, instruction: str | None) -> Iterator[Text]:
    """What the list leaves out, and why."""
    if found.left_out:
        noun = "one" if found.left_out == 1 else "ones"
        yield Text(f"and {found.left_out:,} weaker {noun}", style="dim")
    if found.element_reason:
        yield Text(f"none is named: {printable(found.element_reason)}", style="dim")
    if instruction is None:
        yield Text("without an instruction it is not told whether they were asked for", style="dim")
