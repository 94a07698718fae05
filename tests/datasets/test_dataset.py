"""Plain tables, results of one's own, fingerprints, and what is said of broken data sets."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from editjudge.datasets import open_dataset
from editjudge.errors import InputError
from support.dataset_files import bpm_entry, hub_image, png, shades, write_hub_parquet


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
def test_a_plain_table(tmp_path: Path, suffix: str) -> None:
    names = ("id", "original", "edited", "instruction", "group", "human", "model")
    cells = [
        ("a", "in/0.png", "out/0.png", "one, two", "g", 2.5, "x"),
        ("b", "in/1.png", "out/1.png", "three", "g", None, "y"),
    ]
    rows = [dict(zip(names, values, strict=True)) for values in cells]
    path = tmp_path / f"edits{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif suffix == ".json":
        path.write_text(json.dumps(rows))
    elif suffix == ".jsonl":
        path.write_text("\n\n".join(map(json.dumps, rows)))
    else:
        mark = "," if suffix == ".csv" else "\t"
        lines = [mark.join(f'"{"" if cell is None else cell}"' for cell in row.values()) for row in rows]
        path.write_text("\ufeff" + "\r\n".join([mark.join(rows[0]), *lines]), encoding="utf-8")
    for place, shade in (("in/0", 10), ("out/0", 20)):
        (tmp_path / place).parent.mkdir()
        (tmp_path / f"{place}.png").write_bytes(png(shade))
    dataset = open_dataset(path)
    first, second = dataset
    assert (first.id, first.instruction, first.group, first.human) == ("a", "one, two", "g", 2.5)
    assert (second.id, second.human) == ("b", None)
    assert shades(first) == (10, 20)
    assert second.edited == tmp_path / "out" / "1.png"
    assert dict(first.columns) == rows[0]


def test_a_plain_table_needs_no_more_than_three_columns(tmp_path: Path) -> None:
    (tmp_path / "edits.csv").write_text("original,edited,instruction\na.png,b.png,hop\n")
    (row,) = open_dataset(tmp_path / "edits.csv")
    assert (row.id, row.group, row.human) == ("0", None, None)


def test_results_of_ones_own_go_before_the_sets(tmp_path: Path) -> None:
    (tmp_path / "edits.csv").write_text("id,original,edited,instruction\n7,a.png,b.png,hop\n/8,a.png,b.png,hop\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "7.webp").write_bytes(b"")
    first, second = open_dataset(tmp_path / "edits.csv", edits=tmp_path / "mine")
    assert (first.edited, first.columns["edited"]) == (tmp_path / "mine" / "7.webp", "7.webp")
    assert second.edited == tmp_path / "mine" / "8.png"


def test_broken_rows_stay_in_their_places(tmp_path: Path) -> None:
    lines = ['{"original": "a.png", "edited": "b.png", "instruction": "x"}', "{not json", "[1]", '{"edited": "b.png"}']
    (tmp_path / "edits.jsonl").write_text("\n".join(lines))
    _, second, third, fourth = open_dataset(tmp_path / "edits.jsonl")
    for row, words in (
        (second, "line 2 is no JSON"),
        (third, "row 3 is no object"),
        (fourth, "the row has no original picture"),
    ):
        with pytest.raises(InputError, match=words):
            row.edit()
    (tmp_path / "edits.csv").write_text("original,edited,instruction\na.png,b.png,x,y\na.png\na.png,b.png, \n")
    for row, words in zip(
        open_dataset(tmp_path / "edits.csv"),
        ("more cells than there are columns", "no edited picture", "no instruction"),
        strict=True,
    ):
        with pytest.raises(InputError, match=words):
            row.edit()
    entries = [bpm_entry(1, [1, 2, 3, 4]), {"index": 2, "instruction": "x", "source_image_path": "y"}]
    (tmp_path / "local_metadata.json").write_text(json.dumps(entries))
    assert list(open_dataset(tmp_path / "local_metadata.json"))[4].problem == "row 2 has no edited picture"


def test_a_record_that_lacks_what_its_form_needs(tmp_path: Path) -> None:
    good = {"img_id": "1", "turn_index": 1, "source_img": "a", "target_img": "b", "instruction": "x"}
    (tmp_path / "turns.jsonl").write_text(f"{json.dumps(good)}\n{json.dumps({**good} | {'img_id': None})}\n{{}}")
    rows = list(open_dataset(tmp_path / "turns.jsonl"))
    assert [row.problem for row in rows] == [None, None, "the row lacks 'img_id'"]


def test_the_fingerprint_follows_the_data(tmp_path: Path) -> None:
    path = tmp_path / "edits.csv"
    fingerprints = set()
    for content in ("a.png,b.png,x", "a.png,b.png,y", "a.png,b.png,y"):
        path.write_text(f"original,edited,instruction\n{content}\n")
        fingerprints.add(open_dataset(path).fingerprint())
    assert len(fingerprints) == 2
    fingerprints.add(open_dataset(path, edits=tmp_path).fingerprint())
    for text in ("x", "y"):
        columns = {"original": [hub_image(1, "a")], "edited": [hub_image(2, "b")], "instruction": [text]}
        fingerprints.add(open_dataset(write_hub_parquet(tmp_path / "edits.parquet", columns)).fingerprint())
    assert len(fingerprints) == 5


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("edits.csv", "original,changed,instruction\na,b,c", "has the columns changed, instruction, original; rename"),
        ("edits.csv", "", "has no rows"),
        ("edits.csv", "original,edited,instruction\n", "has no rows"),
        ("edits.json", "[", "is no JSON"),
        ("edits.json", "3", "holds no list of objects"),
        ("edits.parquet", "x", "edits.parquet cannot be read"),
        ("edits.arrow", "x", "edits.arrow cannot be read"),
        ("edits.txt", "x", "must end in .csv, .tsv, .jsonl"),
    ],
)
def test_what_is_no_data_set(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=words):
        open_dataset(tmp_path / name)


def test_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "edits.csv").write_text("original,edited,instruction\na,b,c")
    with pytest.raises(InputError, match=r"nowhere.csv cannot be read: No such file.*; check the path"):
        open_dataset(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="holds no parquet or Arrow files"):
        open_dataset(tmp_path)
    with pytest.raises(InputError, match="there is no form 'coco' of data sets; choose one of plain, bpm"):
        open_dataset(tmp_path / "edits.csv", "coco")
    with pytest.raises(InputError, match="as magicbrush it lacks img_id, source_img, target_img, turn_index"):
        open_dataset(tmp_path / "edits.csv", "magicbrush")
    with pytest.raises(InputError, match="there is no folder"):
        open_dataset(tmp_path / "edits.csv", edits=tmp_path / "nowhere")
