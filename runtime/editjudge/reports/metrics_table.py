"""The other metrics of a score, for JSON and reports, and as a table in the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from editjudge.metrics import METRICS, EditScore, MetricSpec
from editjudge.metrics.registry import find_metric
from editjudge.utils.text import printable

WIDE = 84
"""Columns from which a line says what each metric means."""


def list_metrics(score: EditScore) -> list[tuple[MetricSpec, float | None, str | None]]:
    """The metrics that were asked for besides the score, in the order of asking: each with its value, and what it says
    in words, if anything.
    """
    return [(find_metric(name).spec, result.value, result.explanation) for name, result in score.metrics.items()]


def list_left_out(score: EditScore, names: Sequence[str] | None) -> list[str]:
    """The metrics that the bundle has no model for, where all were asked for. names: what was asked for; None: all."""
    return [metric.spec.name for metric in METRICS if metric.spec.name not in score.metrics] if names is None else []


def render_metrics(console: Console, score: EditScore, names: Sequence[str] | None) -> RenderableType:
    """A line a metric: what papers call it, its value, and which way it counts. names: as in `list_left_out`."""
    up, down = ("+", "-") if console.options.ascii_only else ("↑", "↓")
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    table.add_column("metric", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("better", justify="center", no_wrap=True)
    if console.width >= WIDE:
        table.add_column("what it means", style="dim", overflow="fold")
    listed = list_metrics(score)
    for spec, value, _ in listed:
        number = "n/a" if value is None or math.isnan(value) else f"{value:z.3f}"
        row = [spec.title, number, up if spec.higher_is_better else down, spec.meaning]
        table.add_row(*row[: len(table.columns)])
    said = [Text.assemble((f"{spec.title}: ", "dim"), printable(words)) for spec, _, words in listed if words]
    left_out = list_left_out(score, names)
    if left_out:
        said.append(Text(f"left out, as the bundle has no model for them: {', '.join(left_out)}", style="dim"))
    return Group(table, *said)
