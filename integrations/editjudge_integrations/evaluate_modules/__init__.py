"""Modules of Hugging Face evaluate: each a folder, whose path is what `evaluate.load` takes.

>>> import evaluate
>>> metric = evaluate.load(EDIT_BPM)
>>> metric.compute(originals=["a.png"], edited=["b.png"], instructions=["make the car blue"])
"""

from __future__ import annotations

from pathlib import Path

EDIT_BPM = str(Path(__file__).parent / "edit_bpm")
"""BPM and its parts."""
