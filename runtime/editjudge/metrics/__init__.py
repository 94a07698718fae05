"""The metrics that BPM is compared with, each the same call: `Scorer.metrics`."""

from __future__ import annotations

from editjudge.metrics.registry import METRICS, Metric

__all__ = ["METRICS", "Metric"]
