"""The findings of an experiment in a terminal."""

from __future__ import annotations

import math

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from editjudge.evaluation.result import Estimate, Grid, Result, capitalise
from editjudge.utils.text import printable


def render_result(console: Console, result: Result) -> RenderableType:
    """Every grid, with intervals where they fit; then what it rests on, and what was left out."""
    parts: list[RenderableType] = []
    for grid in result.grids.values():
        table = _table(grid, intervals=True)
        if console.measure(table, options=console.options.update(width=10_000)).maximum > console.width:
            table = _table(grid, intervals=False)
        parts += [table, Text()]
    lines = [f"From {', '.join(f'{count} {what}' for what, count in result.used.items())}."]
    left_out = ", ".join(f"{what} ({count})" for what, count in result.left_out.items() if count)
    lines += [f"Left out: {left_out}."] if left_out else []
    lines += [capitalise(f"{note}.") for note in result.notes]
    return Group(*parts, *(Text(printable(line), style="dim") for line in lines))


def _table(grid: Grid, intervals: bool) -> Table:
    bounded = any(not math.isnan(cell.low) for row in grid.cells for cell in row)
    title = capitalise(grid.title) + (" (with 95 % intervals)" if intervals and bounded else "")
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    table.add_column("", overflow="fold")
    for column in grid.columns:
        table.add_column(printable(column), justify="right", overflow="fold")
    for name, row in zip(grid.rows, grid.cells, strict=True):
        table.add_row(printable(name), *(_cell(cell, intervals) for cell in row))
    return table


def _cell(cell: Estimate, interval: bool) -> Text:
    if math.isnan(cell.value):
        return Text("-", style="dim")
    text = Text(f"{cell.value:z.3f}")
    if interval and not math.isnan(cell.low):
        text.append(f" {cell.low:z.2f}..{cell.high:z.2f}", style="dim")
    return text
