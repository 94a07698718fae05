"""Data sets of small pictures for runs of `editjudge score-dataset`, and the tables that it writes.

The instructions have no words, so that the parser understands the whole picture without loading its model: the scorer
and its other models are the real ones, and a row takes some milliseconds.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pyarrow.parquet as pq
import pytest

from editjudge.datasets.demo import load_demo
from support.command_line import assert_fails

WORDLESS = "+++"


def write_edits(path: Path, rows: int) -> Path:
    """A plain table of edits among six pictures beside it, which differ in one place each."""
    random = np.random.default_rng(0)
    with PIL.Image.open(load_demo()[0].original) as picture:
        scene = np.asarray(picture.convert("RGB").resize((96, 96), PIL.Image.Resampling.BOX))
    for number in range(6):
        changed = scene.copy()
        changed[14 * number : 14 * number + 24, 14 * number : 14 * number + 30] = random.integers(0, 255, 3, np.uint8)
        PIL.Image.fromarray(changed).save(path.parent / f"{number}.png")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "original", "edited", "instruction", "model"))
        for row in range(rows):
            writer.writerow((f"r{row}", f"{row % 6}.png", f"{(row + 1 + row // 6) % 6}.png", WORDLESS, f"m{row % 3}"))
    return path


def write_candidates(path: Path, originals: int, candidates: int) -> Path:
    """A plain table of edits in which the candidates of each original follow one another; pictures as `write_edits`."""
    write_edits(path, 0)
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        for row in range(originals * candidates):
            original, candidate = divmod(row, candidates)
            edited = (original + 1 + candidate % 5) % 6
            writer.writerow((f"r{row}", f"{original % 6}.png", f"{edited}.png", WORDLESS, f"m{candidate}"))
    return path


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a table of scores, as its format has them."""
    match path.suffix:
        case ".csv":
            with path.open(newline="") as file:
                return list(csv.DictReader(file))
        case ".jsonl":
            return [json.loads(line) for line in path.read_text().splitlines()]
    return list(pq.read_table(path).to_pylist())


def assert_run_fails(capfd: pytest.CaptureFixture[str], arguments: list[str], status: int, *words: str) -> None:
    assert_fails(capfd, ["score-dataset", *arguments], status, *words)
