"""Data sets of edits, read row by row: the published ones in the form they are published in, and plain tables.

>>> from editjudge.datasets import open_dataset
>>> for row in open_dataset("edits.csv"):
...     print(row.id, row.instruction)
"""

from __future__ import annotations

from editjudge.datasets.dataset import FORMATS, Dataset, open_dataset
from editjudge.datasets.sample import EditSample

__all__ = ["FORMATS", "Dataset", "EditSample", "open_dataset"]
