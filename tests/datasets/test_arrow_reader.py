"""Parquet and Arrow files: rows by their numbers, pictures only when they are wanted, and damaged files."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from editjudge.datasets import open_dataset
from editjudge.errors import DeviceError
from support.dataset_files import hub_image, png, shades, write_hub_parquet


def test_an_arrow_file_with_its_magic(tmp_path: Path) -> None:
    table = pa.table({"original": [png(1), png(2)], "edited": [png(3), png(4)], "instruction": ["x", "y"]})
    with pa.OSFile(str(tmp_path / "edits.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
        out.write_table(table, max_chunksize=1)
    assert [shades(row) for row in open_dataset(tmp_path / "edits.arrow")] == [(1, 3), (2, 4)]


@pytest.mark.parametrize(("start", "stop"), [(0, 23), (0, 1), (5, 6), (6, 14), (9, 100), (22, 23), (23, 40)])
@pytest.mark.parametrize("group", [1, 7, 100])
def test_ranges_of_parquet(tmp_path: Path, start: int, stop: int, group: int) -> None:
    """Over the bounds of groups of rows, batches and files."""
    for name, numbers in (("a", range(20)), ("b", range(20, 23))):
        columns = {
            "original": [hub_image(number, "o.png") for number in numbers],
            "edited": [hub_image(100 + number, "e.png") for number in numbers],
            "instruction": [str(number) for number in numbers],
        }
        write_hub_parquet(tmp_path / f"{name}.parquet", columns, group)
    rows = list(open_dataset(tmp_path).rows(start, stop))
    wanted = list(range(start, min(stop, 23)))
    assert [int(row.instruction or -1) for row in rows] == wanted
    assert [shades(row) for row in rows] == [(number, 100 + number) for number in wanted]


def test_pictures_are_read_only_when_they_are_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {
        "original": [hub_image(1, "o.png")],
        "edited": [hub_image(2, "e.png")],
        "instruction": ["x"],
        "mask": [hub_image(3, "m.png")],
        "thumbnail": [b"bytes"],
        "semantic.modify": [0.5],
    }
    dataset = open_dataset(write_hub_parquet(tmp_path / "edits.parquet", columns))
    reads: list[list[str]] = []
    read = pq.ParquetFile.iter_batches

    def spy(self: pq.ParquetFile, *arguments: Any, **named: Any) -> Any:
        reads.append(named["columns"])
        return read(self, *arguments, **named)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", spy)
    (bare,) = dataset.rows(pictures=False)
    (full,) = dataset.rows()
    assert reads[0] == ["original.path", "edited.path", "instruction", "mask.path", "semantic.modify"]
    assert reads[1] == ["original", "edited", "instruction", "mask.path", "semantic.modify"]
    assert shades(full) == (1, 2)
    assert bare.columns == full.columns
    assert full.columns["mask"] == "m.png"
    assert full.columns["semantic.modify"] == 0.5


def test_a_dataset_is_opened_again_where_it_is_unpickled(tmp_path: Path) -> None:
    dataset = open_dataset(
        write_hub_parquet(
            tmp_path / "edits.parquet",
            {"original": [hub_image(1, "a")], "edited": [hub_image(2, "b")], "instruction": ["x"]},
        )
    )
    (row,) = pickle.loads(pickle.dumps(dataset))
    assert shades(row) == (1, 2)


def test_parquet_that_is_damaged_in_the_middle(tmp_path: Path) -> None:
    """The rows of the damaged group say so, those before and behind it are read."""
    columns = {"original": [hub_image(1, "a")] * 9, "edited": [hub_image(2, "b")] * 9, "instruction": ["x"] * 9}
    path = write_hub_parquet(tmp_path / "edits.parquet", columns)
    content = bytearray(path.read_bytes())
    start = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    content[start : start + 50] = bytes(50)
    path.write_bytes(content)
    dataset = open_dataset(path)
    rows = list(dataset)
    assert [row.problem is None for row in rows] == [True, True, False, False, *[True] * 5]
    assert "edits.parquet is damaged here (" in str(rows[2].problem)
    assert str(rows[2].problem).endswith("fetch or write it again")
    assert shades(rows[8]) == (1, 2)
    assert [row.problem is None for row in dataset.rows(3, 5)] == [False, True]


def test_pyarrow_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_hub_parquet(
        tmp_path / "edits.parquet",
        {"original": [hub_image(1, "a")], "edited": [hub_image(2, "b")], "instruction": ["x"]},
    )
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DeviceError, match=r"pip install 'editjudge\[datasets\]'"):
        open_dataset(path)


def test_a_picture_without_bytes_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(9))
    columns = {"original": [{"bytes": None, "path": "a.png"}], "edited": [hub_image(2, "b")], "instruction": ["x"]}
    (row,) = open_dataset(write_hub_parquet(tmp_path / "edits.parquet", columns))
    assert shades(row) == (9, 2)
    assert np.asarray(row.original).item() == tmp_path / "a.png"
