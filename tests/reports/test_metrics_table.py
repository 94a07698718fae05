"""Metrics in a terminal."""

from __future__ import annotations

import io
import math
from types import SimpleNamespace

import pytest
from rich.console import Console

from editjudge.metrics import METRICS, MetricResult
from editjudge.reports.metrics_table import render_metrics

SPECS = {metric.spec.name: metric.spec for metric in METRICS}


def scored(**values: float | None) -> SimpleNamespace:
    """What the table asks of a score."""
    return SimpleNamespace(metrics={name: MetricResult(value) for name, value in values.items()})


@pytest.mark.parametrize("columns", [40, 120])
def test_in_a_terminal(columns: int) -> None:
    console = Console(width=columns, file=io.StringIO())
    values = dict.fromkeys(SPECS, 0.25) | {"psnr": math.inf, "clip_t": None}
    del values["dino"]
    console.print(render_metrics(console, scored(**values), None))
    console.print(render_metrics(console, scored(l2=0.5), ("l2",)))
    printed = console.file.getvalue()
    assert max(map(len, printed.splitlines())) <= columns
    assert all(SPECS[name].title.split()[0] in printed for name in values)
    assert " inf " in printed
    assert " n/a " in printed
    assert printed.count("left out, as the bundle has no model for") == 1
    assert "dino\n" in printed.replace(" ", "")
    assert (SPECS["l2"].meaning in printed) == (columns == 120)
