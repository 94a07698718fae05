"""Scoring a data set: in worker processes or on Ray, with a checkpoint that a later run goes on from.

>>> from pathlib import Path
>>> from editjudge.batch import score_dataset
>>> from editjudge.datasets import open_dataset
>>> score_dataset(open_dataset("edits.csv"), Path("scores.parquet"))
"""

from __future__ import annotations

from editjudge.batch.runner import Progress, score_dataset

__all__ = ["Progress", "score_dataset"]
