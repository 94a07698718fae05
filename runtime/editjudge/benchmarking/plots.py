"""Where the milliseconds of an edit go, as a picture: a bar for each configuration, of a piece for each part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from editjudge.benchmarking.latency import PARTS, Summary
from editjudge.reports.figures import write_figure

COLOURS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#BBBBBB")  # Okabe and Ito's, for all kinds of eyes
MARKS = {"p50": "-", "p95": "--", "p99": ":"}
NARROW = 0.06
"""The share of the picture's width from which a piece has room for its milliseconds."""


def write_plot(path: Path, bars: Sequence[tuple[str, dict[str, Summary]]], footnote: str) -> None:
    """bars: what is measured, and the summaries of its times. Raises InputError where the file cannot be written."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (of an extra)
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    layout = ConstrainedLayoutEngine(rect=(0, 0.05, 1, 0.95))
    figure = Figure(figsize=(8, 1.9 + 0.75 * len(bars)), layout=layout)
    axes = figure.subplots()
    longest = 1.05 * max(ms["total"]["p99"] for _, ms in bars)
    for row, (_, ms) in enumerate(bars):
        left = 0.0
        for part, colour in zip(PARTS, COLOURS, strict=True):
            mean = ms[part]["mean"]
            axes.barh(row, mean, left=left, height=0.6, color=colour, label=part if row == 0 else None)
            if mean > NARROW * longest:
                axes.text(left + mean / 2, row, f"{mean:.3g}", ha="center", va="center")
            left += mean
        for mark, style in MARKS.items():
            value = ms["total"][mark]
            axes.plot([value] * 2, [row - 0.4, row + 0.4], "k", ls=style, lw=1.2, label=mark if row == 0 else None)
    axes.set_yticks(range(len(bars)), [name for name, _ in bars])
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_xlim(0, longest)
    axes.set_xlabel("milliseconds an edit: mean by part; p50, p95 and p99 of the whole")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(PARTS) + len(MARKS), frameon=False, handlelength=1.2)
    figure.text(0.01, 0.005, footnote, fontsize=7, color="0.35")
    write_figure(path, figure)
