"""Metrics as the command line prints them: JSON, or a table in the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from editjudge.metrics.registry import METRICS

WIDE = 84
"""Columns from which a line says what each metric means."""


def as_json(values: Mapping[str, float], asked: Sequence[str] | None) -> dict[str, Any]:
    """What is added to a score's JSON. asked: the names that were asked for; None: all."""
    return {"metrics": dict(values), "metrics_left_out": _left_out(values, asked)}


def table(console: Console, values: Mapping[str, float], asked: Sequence[str] | None) -> RenderableType:
    """A line a metric: what papers call it, its value, and which way it counts."""
    up, down = ("+", "-") if console.options.ascii_only else ("↑", "↓")
    lines = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    lines.add_column("metric", overflow="fold")
    lines.add_column("value", justify="right", no_wrap=True)
    lines.add_column("better", justify="center", no_wrap=True)
    if console.width >= WIDE:
        lines.add_column("what it means", style="dim", overflow="fold")
    for name, value in values.items():
        metric = METRICS[name]
        row = [metric.title, _number(value), up if metric.higher_is_better else down, metric.meaning]
        lines.add_row(*row[: len(lines.columns)])
    left_out = _left_out(values, asked)
    if not left_out:
        return lines
    return Group(lines, Text(f"left out, as the bundle has no model for them: {', '.join(left_out)}", style="dim"))


def _left_out(values: Mapping[str, float], asked: Sequence[str] | None) -> list[str]:
    return [name for name in METRICS if name not in values] if asked is None else []


def _number(value: float) -> str:
    return "n/a" if math.isnan(value) else f"{value:.3f}"
