"""How what was timed is told, and how many threads it had."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

THREADS = max(1, min(8, (os.cpu_count() or 2) - 1))
"""Of the CPU, for what of a model is not on the GPU."""


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """{"p50", "p95", "n"}."""
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3), "n": len(milliseconds)}
