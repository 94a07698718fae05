"""Picture files that change between a run and its resume: old scores and new ones are not mixed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from editjudge.batch import Progress, score_dataset
from editjudge.batch.runner import part_file
from editjudge.datasets import open_dataset
from support.batch_runs import write_edits

ROWS = 12


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_edits(tmp_path / "edits.csv", ROWS)


def cut_off(data: Path, output: Path) -> None:
    """Runs until all rows are scored but the table is not written."""

    def stop(progress: Progress) -> None:
        if progress.done == ROWS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_dataset(open_dataset(data), output, workers=1, watch=stop)


def write_over(picture: Path) -> None:
    shutil.copy(picture.with_name("0.png"), picture)


def touch(picture: Path) -> None:
    """The same size, another time: as a file of the same size would be."""
    os.utime(picture, ns=(0, 0))


@pytest.mark.parametrize("change", [write_over, Path.unlink])
def test_rows_of_other_pictures_are_scored_again(data: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    output, fresh = tmp_path / "scores.jsonl", tmp_path / "fresh.jsonl"
    cut_off(data, output)
    change(tmp_path / "3.png")
    names = [(row.original.name, row.edited.name) for row in open_dataset(data)]
    touched = sum("3.png" in pair for pair in names)
    done = score_dataset(open_dataset(data), output, workers=1, resume=True)
    assert (done.changed, done.done) == (touched, ROWS)
    assert 0 < touched < ROWS
    score_dataset(open_dataset(data), fresh, workers=1)
    assert output.read_bytes() == fresh.read_bytes()


def test_a_missing_picture_that_is_there_by_now(data: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.jsonl"
    kept = (tmp_path / "3.png").rename(tmp_path / "kept.png")
    cut_off(data, output)
    kept.rename(tmp_path / "3.png")
    done = score_dataset(open_dataset(data), output, workers=1, resume=True)
    assert done.failed == 0
    assert done.changed > 0


def test_pictures_named_in_parquet_count_and_those_inside_do_not(data: Path, tmp_path: Path) -> None:
    table = pyarrow.csv.read_csv(data)
    pq.write_table(table, tmp_path / "names.parquet")
    inside = [{"bytes": (tmp_path / name).read_bytes(), "path": name} for name in table["edited"].to_pylist()]
    place = table.column_names.index("edited")
    pq.write_table(table.set_column(place, "edited", pa.array(inside)), tmp_path / "inside.parquet")
    outputs = [tmp_path / f"{name}.jsonl" for name in ("names", "inside")]
    for output in outputs:
        cut_off(output.with_suffix(".parquet"), output)
    touch(tmp_path / "3.png")
    names, inside = (
        score_dataset(open_dataset(output.with_suffix(".parquet")), output, workers=1, resume=True)
        for output in outputs
    )
    originals = table["original"].to_pylist()
    assert inside.changed == originals.count("3.png")
    assert names.changed > inside.changed
    assert not any(part_file(output).exists() for output in outputs)
