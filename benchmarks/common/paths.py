"""Where the benchmarks keep what they measured."""

from __future__ import annotations

from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
ROOT = BENCHMARKS.parent
DATA = BENCHMARKS / "data"
RESULTS = BENCHMARKS / "RESULTS.md"
