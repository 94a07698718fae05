"""The metrics of edits: `METRICS` lists them, and `Scorer.score(..., metrics=)` measures them.

Importing this package loads no library of models; asking it for `METRICS` does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from editjudge.metrics.base import Metric, MetricResult, MetricSpec
from editjudge.metrics.bpm.evidence import Evidence
from editjudge.metrics.bpm.score import EditScore

if TYPE_CHECKING:
    from editjudge.metrics.registry import METRICS

__all__ = ["METRICS", "EditScore", "Evidence", "Metric", "MetricResult", "MetricSpec"]


def __getattr__(name: str) -> object:
    if name != "METRICS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("editjudge.metrics.registry").METRICS
