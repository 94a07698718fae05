"""Cells that no table should have, and some do: cut characters, numbers and lists beyond all measure, odd types."""

from __future__ import annotations

import datetime
import decimal
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from editjudge.datasets import EditSample, open_dataset
from editjudge.errors import InputError

EDIT = {"original": "a.png", "edited": "b.png", "instruction": "hop"}
BAD_TEXT = pa.array([b"\xff\xfe", b"a"], pa.binary()).view(pa.string())


def read_lines(folder: Path, *lines: str) -> list[EditSample]:
    (folder / "edits.jsonl").write_text("\n".join((*lines, json.dumps(EDIT))))
    return list(open_dataset(folder / "edits.jsonl"))


def object_with(name: str, value: str) -> str:
    """The edit as JSON, with a key of this name; both are JSON already."""
    others = ", ".join(f"{json.dumps(key)}: {json.dumps(cell)}" for key, cell in EDIT.items() if key != name)
    return f'{{{others}, "{name}": {value}}}'


def test_half_a_character(tmp_path: Path) -> None:
    cut = "x\\ud800y"
    rows = read_lines(tmp_path, *(object_with(name, f'"{cut}"') for name in ("id", "original", "note", "instruction")))
    for row in rows[:3]:
        assert row.edit()[2] == "hop"
    with pytest.raises(InputError, match="the instruction has characters that are cut"):
        rows[3].edit()
    row, *_ = read_lines(tmp_path, object_with(cut, f'{{"{cut}": ["{cut}"]}}'))
    assert row.columns["x\ufffdy"] == {"x\ufffdy": ["x\ud800y"]}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (object_with("id", '1, "id": 2'), "line 1 is no JSON (an object has the same key twice)"),
        (object_with("\\ud800", '1, "\\ud801": 2'), "line 1 is no JSON (an object has the same key twice)"),
        (object_with("n", "9" * 5000), "line 1 is no JSON (Exceeds the limit"),
        (object_with("n", "[" * 99_999), "line 1 is no JSON (maximum recursion depth"),
        (object_with("n", "[" * 400 + "]" * 400), "more than 100 lists or objects within each other"),
        (object_with("n", '{"path":' * 400 + "1" + "}" * 400), "more than 100 lists or objects within each other"),
        (json.dumps(EDIT) * 2, "line 1 is no JSON (Extra data"),
    ],
)
def test_a_line_that_cannot_be_used_spoils_no_other(tmp_path: Path, line: str, words: str) -> None:
    broken, whole = read_lines(tmp_path, line)
    assert words in str(broken.problem)
    assert whole.edit()[2] == "hop"


def test_a_row_that_cannot_be_used_keeps_what_is_known_of_it(tmp_path: Path) -> None:
    deep = "[" * 400 + "]" * 400
    for rating, human in ((3, 3), ("good", None)):
        known = {**EDIT, "id": "r7", "group": "g", "human": rating}
        row, *_ = read_lines(tmp_path, json.dumps({**known, "n": 0}).replace("0}", f"{deep}}}"))
        assert "within each other" in str(row.problem)
        assert (row.id, row.group, row.human) == ("r7", "g", human)
        assert row.columns == known


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "1" + "0" * 400, '"good"', "[1]", "{}"])
def test_what_is_no_number_is_no_rating(tmp_path: Path, number: str) -> None:
    row, *_ = read_lines(tmp_path, object_with("human", number))
    assert row.edit()[2] == "hop"
    assert row.human is None
    assert row.columns["human"] == ("good" if number == '"good"' else None)


def test_a_file_in_which_no_line_is_an_object_says_how_it_should_be(tmp_path: Path) -> None:
    for content in (json.dumps(EDIT, indent=1), json.dumps([EDIT], indent=1), json.dumps([EDIT])):
        (tmp_path / "edits.jsonl").write_text(content)
        with pytest.raises(
            InputError, match=r"no rows that can be read: (line|row) 1 .*\.jsonl an object in each line"
        ):
            open_dataset(tmp_path / "edits.jsonl")


def test_json_in_other_encodings(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-32", "utf-16-le"):
        for name, text in (
            ("a.json", json.dumps([EDIT])),
            ("a.jsonl", json.dumps(EDIT) + "\n\ufeff" + json.dumps(EDIT)),
        ):
            (tmp_path / name).write_bytes(text.encode(encoding))
            assert {row.instruction for row in open_dataset(tmp_path / name)} == {"hop"}


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (pa.array([decimal.Decimal("1.50"), None]), "1.50"),
        (pa.array([datetime.date(2020, 1, 2), None]), "2020-01-02"),
        (pa.array([1, None], pa.timestamp("ns")), "1970-01-01 00:00:00.000000001"),
        (pa.array([2**60, None], pa.timestamp("us")), "<value out of range: 1152921504606846976>"),
        (pa.array([2**30, None], pa.date32()), "<value out of range: 1073741824>"),
        (pa.array([7, None], pa.timestamp("us", "Nowhere/Land")), "7"),
        (pa.array([7, None], pa.duration("ns")), "7"),
        (pa.array([7000, None], pa.duration("ns")), "0:00:00.000007"),
        (pa.array(["a", None]).dictionary_encode(), "a"),
        (BAD_TEXT, "\udcff\udcfe"),
        (BAD_TEXT.dictionary_encode(), "\udcff\udcfe"),
        (pa.StructArray.from_arrays([BAD_TEXT, pa.array([1, 2])], ["a", "b"]), {"a": "\udcff\udcfe", "b": 1}),
        (pa.ListArray.from_arrays([0, 1, 2], BAD_TEXT), ["\udcff\udcfe"]),
        (pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())), [["k", 1]]),
        (pa.array([2**64 - 1, None], pa.uint64()), 2**64 - 1),
        (pa.array([[b"a"], None]), [None]),
    ],
    ids=str,
)
def test_columns_of_odd_types(tmp_path: Path, cells: pa.Array, first: object) -> None:
    table = pa.table({**{name: [cell] * 2 for name, cell in EDIT.items()}, "odd": cells})
    pq.write_table(table, tmp_path / "edits.parquet")
    rows = list(open_dataset(tmp_path / "edits.parquet"))
    assert [row.problem for row in rows] == [None, None]
    assert rows[0].columns["odd"] == first


def test_parquet_without_rows_or_with_two_columns_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "edits.parquet"
    for table, words in (
        (pa.table({name: pa.array([], pa.string()) for name in EDIT}), "has no rows below"),
        (pa.table({}), "has no rows"),
        (pa.Table.from_arrays([pa.array(["a"])] * 5, [*EDIT, "n", "n"]), "more than one column n; rename the others"),
    ):
        pq.write_table(table, path)
        with pytest.raises(InputError, match=words):
            open_dataset(path)


def test_names_of_results_that_cannot_be_files(tmp_path: Path) -> None:
    ids = ("x" * 5000, "a\\u0000b", "\\ud800")
    lines = [object_with("id", f'"{name}"') for name in ids]
    (tmp_path / "edits.jsonl").write_text("\n".join(lines))
    rows = list(open_dataset(tmp_path / "edits.jsonl", edits=tmp_path))
    assert [row.problem for row in rows] == [None] * 3


def test_a_folder_of_results_with_bytes_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "7.png").touch()
    (tmp_path / "edits.jsonl").write_text(object_with("id", "7"))
    dataset = open_dataset(tmp_path / "edits.jsonl", edits=folder)
    (row,) = dataset
    assert row.edited == folder / "7.png"
    assert dataset.fingerprint() != open_dataset(tmp_path / "edits.jsonl", edits=tmp_path).fingerprint()
