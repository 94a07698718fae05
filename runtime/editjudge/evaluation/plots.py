"""The findings of an experiment as a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from editjudge.evaluation.result import Grid, Result, capitalise
from editjudge.metrics.registry import ALPHA
from editjudge.reports.figures import check_plot, write_figure
from editjudge.utils.arguments import instance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GREYS = ("#9a9a9a", "#c4c4c4", "#7c8fa6", "#a8b8c9", "#b59f86", "#d3c3af", "#8aa08a", "#b7c7b7", "#b093ab", "#d2bfce")
LEGEND = 6  # names in a line
HIGHLIGHT = "#c0392b"
"""Of the metric that the others are compared with."""


RESULT = instance(Result, "what an experiment gives")


def write_plot(path: Path, result: Result) -> None:
    """Writes a .png or .svg file with each grid that can be drawn, under one another. Raises InputError where the file
    cannot be written."""
    from matplotlib import rc_context  # noqa: PLC0415  (of an extra)
    from matplotlib.figure import Figure  # noqa: PLC0415

    check_plot(path)
    RESULT.check(result=result)
    panels = [(DRAWN[key], grid) for key, grid in result.grids.items() if key in DRAWN]
    with rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        bars = max(len(grid.rows) * len(grid.columns) for _, grid in panels)
        width = min(max(9.0, 0.11 * bars), 24.0)
        figure = Figure(figsize=(width, 3.4 * len(panels)), layout="constrained")
        for axes, (draw, grid) in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
            axes.set_title(capitalise(grid.title), loc="left")
            draw(axes, grid)
        write_figure(Path(path), figure)


def _bars(axes: Axes, names: tuple[str, ...], groups: tuple[str, ...], values: np.ndarray) -> None:
    """Bars [names, groups, (value, low, high)] with whiskers, one colour per name."""
    width = 0.84 / len(names)
    at = np.arange(len(groups)) - 0.42
    whiskers = {"elinewidth": 0.8, "ecolor": "#555555", "capsize": min(2.5, 60 * width / max(1, len(groups)))}
    for row, (name, colour) in enumerate(zip(names, _colours(names), strict=True)):
        value, low, high = values[row].T
        reach = np.nan_to_num(np.clip([value - low, high - value], 0, None))
        style = {"label": name, "color": colour, "yerr": reach, "error_kw": whiskers}
        axes.bar(at + (row + 0.5) * width, value, width * 0.94, **style)
    labels = [group.replace(" vs ", "\nvs ") for group in groups]
    axes.set_xticks(np.arange(len(groups)), labels, rotation=0 if len(groups) <= 8 else 90)
    _legend(axes, len(names))


def _by_column(axes: Axes, grid: Grid) -> None:
    """Rows are metrics, columns are groups of bars."""
    _bars(axes, grid.rows, grid.columns, _numbers(grid))
    axes.set_ylabel("correlation" if "correlation" in grid.title else "agreement with humans")


def _by_row(axes: Axes, grid: Grid) -> None:
    """Rows are groups of bars, columns are metrics."""
    _bars(axes, grid.columns, grid.rows, _numbers(grid).swapaxes(0, 1))
    _agreement(axes)


def _values(axes: Axes, grid: Grid) -> None:
    """As `_by_row`, whatever the values are."""
    _bars(axes, grid.columns, grid.rows, _numbers(grid).swapaxes(0, 1))
    axes.set_ylabel(grid.columns[0] if len(grid.columns) == 1 else "")


def _shares(axes: Axes, grid: Grid) -> None:
    _values(axes, grid)
    axes.set(ylim=(0, 1))


def _precision(axes: Axes, grid: Grid) -> None:
    """Columns are groups of bars; rows are kinds, or what must be right."""
    _bars(axes, grid.rows, grid.columns, _numbers(grid))
    axes.set(ylim=(0, 1), ylabel="average precision, recall")


def _recall(axes: Axes, grid: Grid) -> None:
    """Columns are depths, rows are what looks for what."""
    _bars(axes, grid.rows, grid.columns, _numbers(grid))
    axes.set(ylim=(0, 1), ylabel="share of queries")


def _stacked(axes: Axes, grid: Grid) -> None:
    """Shares that add up to 1, a bar per row: of three kinds, and of what was not judged if there is such."""
    left = np.zeros(len(grid.rows))
    shares = _numbers(grid)[..., 0].T
    for name, share, colour in zip(grid.columns, shares, ("#c9c9c9", "#8d8d8d", HIGHLIGHT, "#f4f4f4"), strict=False):
        axes.barh(grid.rows, share, left=left, label=name, color=colour, height=0.7)
        left = left + share
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel="share of inputs")
    _legend(axes, len(grid.columns))


def _curve(axes: Axes, grid: Grid) -> None:
    """Agreement by alpha with its interval."""
    alphas = [float(row) for row in grid.rows]
    value, low, high = _numbers(grid)[:, 0].T
    axes.plot(alphas, value, color=HIGHLIGHT, marker="o", markersize=4, clip_on=False)
    axes.fill_between(alphas, low, high, color=HIGHLIGHT, alpha=0.15, linewidth=0)
    axes.axvline(ALPHA, color="#777777", linewidth=0.8, linestyle=":")
    axes.set(xlabel="alpha", xticks=alphas)
    _agreement(axes)


def _lines(axes: Axes, grid: Grid) -> None:
    """Agreement by bin, a line per metric."""
    at = np.arange(len(grid.columns))
    for name, numbers, colour in zip(grid.rows, _numbers(grid), _colours(grid.rows), strict=True):
        value, low, high = numbers.T
        order = 3 if colour == HIGHLIGHT else 2
        axes.plot(at, value, color=colour, marker="o", markersize=4, label=name, zorder=order, clip_on=False)
        if colour == HIGHLIGHT:
            axes.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_xticks(at, [f"{name}\n({_pairs(grid, column)})" for column, name in enumerate(grid.columns)])
    _legend(axes, len(grid.rows))
    _agreement(axes)


def _pairs(grid: Grid, column: int) -> str:
    counts = {row[column].count for row in grid.cells}
    return f"{counts.pop()} pairs" if len(counts) == 1 else f"{min(counts)} to {max(counts)} pairs"


def _agreement(axes: Axes) -> None:
    axes.axhline(0.5, color="#777777", linewidth=0.8, linestyle=":")
    axes.set(ylim=(0, 1), ylabel="agreement with humans")


def _numbers(grid: Grid) -> np.ndarray:
    """float64[rows, columns, (value, low, high)]."""
    return np.array([[(cell.value, cell.low, cell.high) for cell in row] for row in grid.cells])


def _colours(names: tuple[str, ...]) -> list[str]:
    """The first metric in red, the others in muted colours."""
    return [HIGHLIGHT, *(GREYS[index % len(GREYS)] for index in range(len(names) - 1))]


def _legend(axes: Axes, names: int) -> None:
    """Between the axes and their title, in lines of about one length; none for a single name."""
    lines = -(-names // LEGEND) if names > 1 else 0
    if lines:
        axes.legend(ncols=-(-names // lines), frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1))
    axes.set_title(axes.get_title(loc="left"), loc="left", pad=6 + 14 * lines)


DRAWN: Mapping[str, Callable[[Any, Grid], None]] = {
    "pairs": _by_row,
    "margin": _lines,
    "confidence": _lines,
    "liked": _stacked,
    "modify_pairs": _by_row,
    "preserve_pairs": _by_row,
    "region": _by_column,
    "alpha": _curve,
    "metrics": _by_column,
    "correlation": _by_column,
    "raters": _by_column,
    "yes": _shares,
    "reward": _values,
    "dimensions": _by_column,
    "tied": _by_column,
    "precision": _precision,
    "fixed": _precision,
    "recall": _recall,
    "rank": _values,
}
"""How each grid is drawn, by its key; the others are for reading."""
