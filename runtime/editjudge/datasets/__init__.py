"""Data sets of edits, read row by row: the published ones in the form they are published in, and plain tables.

>>> from editjudge.datasets import open_dataset
>>> for row in open_dataset("edits.csv"):
...     print(row.id, row.instruction)
"""

from __future__ import annotations

from editjudge.datasets.dataset import FORMS, Dataset, open_dataset
from editjudge.datasets.row import Row

__all__ = ["FORMS", "Dataset", "Row", "open_dataset"]
