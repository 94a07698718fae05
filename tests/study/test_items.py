"""What stands beside each other on a page belongs to one original and one instruction."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from editjudge.datasets import open_dataset
from editjudge.errors import InputError
from editjudge.study.items import read_items, tell_left_out
from support.studies import write_set


def change_row(folder: Path, row: int, **cells: str) -> Path:
    """The data set with other cells in a row, counted from 0."""
    path = folder / "edits.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows[row] |= cells
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"original": "original-1.png"}, "row 2 has another original than the rows before it of the group 'input-0'"),
        ({"instruction": "another"}, "row 2 has another instruction than the rows before it of the group 'input-0'"),
    ],
)
def test_a_group_is_of_one_input(tmp_path: Path, cells: dict[str, str], message: str) -> None:
    write_set(tmp_path)
    with pytest.raises(InputError, match=message):
        read_items(open_dataset(change_row(tmp_path, 1, **cells)), "rate")


def test_a_copy_of_an_original_is_the_same_original(tmp_path: Path) -> None:
    write_set(tmp_path)
    shutil.copy(tmp_path / "original-0.png", tmp_path / "copy.png")
    items, _ = read_items(open_dataset(change_row(tmp_path, 1, original="copy.png")), "rate")
    assert [len(item.candidates) for item in items] == [3, 3, 3, 3]


def test_inputs_with_one_candidate_are_told(tmp_path: Path) -> None:
    write_set(tmp_path, inputs=2)
    path = tmp_path / "edits.jsonl"
    path.write_text("\n".join(path.read_text(encoding="utf-8").splitlines()[:4]), encoding="utf-8")
    items, _ = read_items(open_dataset(path), "prefer")
    told = "1 of 2 inputs left out, having one candidate each, and a preference is between two"
    assert tell_left_out(items, "prefer") == told
    assert tell_left_out(items, "rate") is None
    assert tell_left_out(items[:1], "prefer") is None
