"""Data sets that are scored, and what comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from editjudge.batch import score_dataset
from editjudge.datasets import open_dataset
from support.batch_runs import write_edits


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A plain table of 24 edits of 6 pictures."""
    return write_edits(tmp_path / "edits.csv", 24)


@pytest.fixture(scope="session")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain table of 120 edits."""
    return write_edits(tmp_path_factory.mktemp("long") / "edits.csv", 120)


@pytest.fixture(scope="session")
def whole(long: Path) -> bytes:
    """What a run over the long table that is not cut off writes."""
    output = long.with_name("whole.jsonl")
    score_dataset(open_dataset(long), output, workers=1)
    return output.read_bytes()
