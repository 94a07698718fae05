"""Data sets in the form they are published in, written small: what is read of them, and what is said of broken ones."""

from __future__ import annotations

import io
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from editjudge import image
from editjudge.datasets import Row, open_dataset
from editjudge.errors import DeviceError, InputError

HUB_IMAGE = pa.struct({"bytes": pa.binary(), "path": pa.string()}.items())


def png(shade: int) -> bytes:
    """A grey picture of 16 x 12 pixels."""
    stream = io.BytesIO()
    PIL.Image.new("RGB", (16, 12), (shade, shade, shade)).save(stream, "PNG")
    return stream.getvalue()


def hub(shade: int, name: str) -> dict[str, Any]:
    """A picture as a column of type Image of the hub keeps it."""
    return {"bytes": png(shade), "path": name}


def shades(row: Row) -> tuple[int, int]:
    """The grey values of the row's two pictures, decoded as the scorer would."""
    original, edited, _ = row.edit()
    return int(image.load(original).mean()), int(image.load(edited).mean())


def hub_parquet(path: Path, columns: dict[str, list[Any]], group: int = 2) -> Path:
    """A parquet file as `datasets` writes it: pictures as structs, and what it knows of them in the metadata."""
    kinds = {name: HUB_IMAGE for name, cells in columns.items() if isinstance(cells[0], dict)}
    arrays = {name: pa.array(cells, kinds.get(name)) for name, cells in columns.items()}
    features = {name: {"_type": "Image"} for name in kinds}
    table = pa.table(arrays).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=group)
    return path


def bpm_entry(index: int, ratings: list[int] | None) -> dict[str, Any]:
    candidates = {}
    for number in range(1, 5 if ratings else 4):
        said: dict[str, Any] = {"image_path": f"sample_test/model_{number}/{index}.png"}
        if ratings:
            said |= {"user_overall_quality": ratings[number - 1], "user_preservation": 3, "user_edit_quality": 4}
        candidates[f"edited_image{number}"] = said
    source = f"sample_test/real/{index}.png"
    entry = {"index": index, "instruction": "Make the car blue.", "source_image_path": source}
    return {**entry, "original_part": "car", "edited_part": "blue car", "added_object": "", **candidates}


@pytest.mark.parametrize("name", ["local_metadata.json", "global_metadata.json"])
def test_the_authors_human_alignment_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(json.dumps([bpm_entry(3, [4, 1, 3, 5]), bpm_entry(7, [2, 2, 1, 1])]))
    for place, shade in (("real/3", 10), ("model_2/3", 20)):
        (tmp_path / "sample_test" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sample_test" / f"{place}.png").write_bytes(png(shade))
    dataset = open_dataset(tmp_path / name)
    rows = list(dataset)
    assert dataset.form.name == "bpm"
    assert len(rows) == len(dataset) == 8
    assert [row.id for row in rows[:5]] == ["3-1", "3-2", "3-3", "3-4", "7-1"]
    assert [row.group for row in rows] == ["3"] * 4 + ["7"] * 4
    assert [row.human for row in rows] == [4, 1, 3, 5, 2, 2, 1, 1]
    assert shades(rows[1]) == (10, 20)
    assert rows[1].columns["original"] == "sample_test/real/3.png"
    assert rows[1].columns["candidate"] == 2
    assert rows[1].columns["model"] == "2"
    assert rows[1].columns["user_preservation"] == rows[1].columns["human.preserve"] == 3
    assert rows[1].columns["human.modify"] == 4
    assert "kind" not in rows[1].columns
    assert rows[1].columns["edited_part"] == "blue car"
    assert not {"edited_image1", "edited_image2"} & rows[1].columns.keys()


def test_the_authors_ground_truth_file(tmp_path: Path) -> None:
    (tmp_path / "gt_test_metadata.json").write_text(json.dumps([bpm_entry(0, None), bpm_entry(1, None)]))
    rows = list(open_dataset(tmp_path / "gt_test_metadata.json"))
    assert [(row.group, row.columns["candidate"]) for row in rows] == [(g, c) for g in "01" for c in (1, 2, 3)]
    assert [row.columns["kind"] for row in rows] == ["modified", "preserved", "edited"] * 2
    assert {row.human for row in rows} == {None}


def test_magicbrush(tmp_path: Path) -> None:
    columns = {
        "img_id": ["242679", "242679", "55"],
        "turn_index": pa.array([1, 2, 1], pa.int32()).to_pylist(),
        "source_img": [hub(10, "242679-input.png"), hub(20, "242679-output1.png"), hub(30, "55-input.png")],
        "mask_img": [hub(0, "m1.png"), hub(0, "m2.png"), hub(0, "m3.png")],
        "instruction": ["put a robin on the phone", "make the phone red", "let it rain"],
        "target_img": [hub(20, "242679-output1.png"), hub(21, "242679-output2.png"), hub(31, "55-output1.png")],
    }
    dataset = open_dataset(hub_parquet(tmp_path / "data" / "dev-00000-of-00002-b3949adffa3af51a.parquet", columns))
    rows = list(dataset)
    assert dataset.form.name == "magicbrush"
    assert [row.id for row in rows] == ["242679-1", "242679-2", "55-1"]
    assert [shades(row) for row in rows] == [(10, 20), (20, 21), (30, 31)]
    assert rows[1].instruction == "make the phone red"
    assert rows[1].columns["turn_index"] == 2
    assert rows[1].columns["mask_img"] == "m2.png"
    assert rows[1].columns["source_img"] == rows[1].columns["original"] == "242679-output1.png"


def test_humanedit(tmp_path: Path) -> None:
    columns = {
        "IMAGE_ID": ["a1"],
        "EDITING_TYPE": ["Counting"],
        "CORE": [0],
        "MASK": [1],
        "EDITING_INSTRUCTION": ["Remove two apples."],
        "OUTPUT_DESCRIPTION": ["One apple."],
        "INPUT_CAPTION_BY_LLAMA": ["Three apples."],
        "OUTPUT_CAPTION_BY_LLAMA": ["An apple."],
        "INPUT_IMG": [hub(40, "in.jpg")],
        "MASK_IMG": [hub(0, "mask.png")],
        "OUTPUT_IMG": [hub(50, "out.jpg")],
    }
    (row,) = open_dataset(hub_parquet(tmp_path / "train-00000-of-00034.parquet", columns))
    assert (row.id, row.group, row.instruction) == ("a1", "a1", "Remove two apples.")
    assert shades(row) == (40, 50)
    assert row.columns["EDITING_TYPE"] == "Counting"


@pytest.mark.parametrize(
    ("ranking", "compared", "human"),
    [
        ("A>B", "AvsB", (1, 0)),
        ("B>A", "AvsB", (0, 1)),
        ("A=B", None, (0.5, 0.5)),
        ("C>B", "BvsC", (0, 1)),
        ("B>D", "BvsD", (1, 0)),
        ("A>B", "BvsC", (None, None)),
        ("unsure", "AvsB", (None, None)),
    ],
)
def test_editreward(tmp_path: Path, ranking: str, compared: str | None, human: tuple[float | None, ...]) -> None:
    columns = {
        "id": ["p0", "p1"],
        "dataset": ["4pair"] * 2,
        "instruction": ["Add a hat."] * 2,
        "source_image": [hub(10, "s.png"), hub(11, "s.png")],
        "candidate_1": [hub(20, "c1.png"), hub(21, "c1.png")],
        "candidate_2": [hub(30, "c2.png"), hub(31, "c2.png")],
        "ranking": [ranking] * 2,
        "comparison_type": [compared] * 2,
        "score_1": [6.0, 5.0],
        "score_2": [2.0, 5.0],
        "model_1": ["bagel"] * 2,
        "model_2": ["flux"] * 2,
    }
    hub_parquet(tmp_path / "4pair" / "train-00000-of-00004.parquet", columns)
    hub_parquet(tmp_path / "4pair" / "train-00001-of-00004.parquet", columns)
    dataset = open_dataset(tmp_path)
    rows = list(dataset)
    assert len(rows) == len(dataset) == 8
    assert [shades(row) for row in rows[:4]] == [(10, 20), (10, 30), (11, 21), (11, 31)]
    assert tuple(row.human for row in rows[:2]) == human
    assert rows[0].group == rows[1].group != rows[2].group
    assert [row.columns["model"] for row in rows[:2]] == ["bagel", "flux"]
    assert [row.columns["score"] for row in rows[:2]] == [6, 2]
    assert [row.columns["edited"] for row in rows[:2]] == ["c1.png", "c2.png"]
    assert [row.id for row in dataset.rows(3, 6)] == [row.id for row in rows[3:6]]


def test_piebench(tmp_path: Path) -> None:
    entry = {
        "image_path": "0_random_140/000000000000.jpg",
        "original_prompt": "a slanted mountain [bicycle] on the road",
        "editing_prompt": "a slanted [rusty] mountain bicycle on the road",
        "blended_word": "bicycle bicycle",
        "editing_instruction": "Make the frame of the bike rusty",
        "editing_type_id": "0",
        "mask": [0, 262144],
    }
    folder, results = tmp_path / "PIE-Bench_v1", tmp_path / "output" / "method"
    for place, shade in ((folder, 10), (results, 20)):
        file = place / "annotation_images" / entry["image_path"]
        file.parent.mkdir(parents=True)
        PIL.Image.new("RGB", (16, 16), (shade,) * 3).save(file)
    (folder / "mapping_file.json").write_text(json.dumps({"000000000000": entry, "000000000001": entry}))
    with pytest.raises(InputError, match="piebench has no edited pictures of its own; say with --edited"):
        open_dataset(folder)
    for path in (folder, folder / "mapping_file.json"):
        rows = list(open_dataset(path, edits=results))
        assert [row.id for row in rows] == ["000000000000", "000000000001"]
        assert shades(rows[0]) == (10, 20)
        assert rows[0].columns["edited"] == f"annotation_images/{entry['image_path']}"
        assert rows[0].columns["editing_type_id"] == "0"
        assert "mask" not in rows[0].columns


def test_gedit(tmp_path: Path) -> None:
    """The set is published as the Arrow streams that `datasets` saves."""
    columns = {
        "task_type": ["background_change", "ps_human"],
        "key": ["k1", "k2"],
        "instruction": ["Change the background to a beach", "让他微笑"],
        "instruction_language": ["en", "cn"],
        "input_image": pa.array([hub(10, "a.png"), hub(11, "b.png")], HUB_IMAGE),
        "input_image_raw": pa.array([hub(12, "a.png"), hub(13, "b.png")], HUB_IMAGE),
        "Intersection_exist": [True, False],
    }
    table, saved, results = pa.table(columns), tmp_path / "train", tmp_path / "results"
    saved.mkdir()
    with (
        pa.OSFile(str(saved / "data-00000-of-00001.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema) as out,
    ):
        out.write_table(table, max_chunksize=1)
    (saved / "cache-1a2b.arrow").write_bytes(b"indices of a shuffle")
    (results / "fullset" / "background_change" / "en").mkdir(parents=True)
    (results / "fullset" / "background_change" / "en" / "k1.png").write_bytes(png(20))
    rows = list(open_dataset(saved, edits=results))
    assert [row.id for row in rows] == ["k1", "k2"]
    assert shades(rows[0]) == (10, 20)
    assert rows[0].columns["input_image_raw"] == "a.png"
    assert rows[1].columns["edited"] == "fullset/ps_human/cn/k2.png"
    assert rows[1].columns["Intersection_exist"] is False


def test_an_arrow_file_with_its_magic(tmp_path: Path) -> None:
    table = pa.table({"original": [png(1), png(2)], "edited": [png(3), png(4)], "instruction": ["x", "y"]})
    with pa.OSFile(str(tmp_path / "edits.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
        out.write_table(table, max_chunksize=1)
    assert [shades(row) for row in open_dataset(tmp_path / "edits.arrow")] == [(1, 3), (2, 4)]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
def test_a_plain_table(tmp_path: Path, suffix: str) -> None:
    names = ("id", "original", "edited", "instruction", "group", "human", "model")
    cells = [
        ("a", "in/0.png", "out/0.png", "one, two", "g", 2.5, "x"),
        ("b", "in/1.png", "out/1.png", "three", "g", None, "y"),
    ]
    rows = [dict(zip(names, each, strict=True)) for each in cells]
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


@pytest.mark.parametrize(("start", "stop"), [(0, 23), (0, 1), (5, 6), (6, 14), (9, 100), (22, 23), (23, 40)])
@pytest.mark.parametrize("group", [1, 7, 100])
def test_ranges_of_parquet(tmp_path: Path, start: int, stop: int, group: int) -> None:
    """Over the bounds of groups of rows, batches and files."""
    for name, numbers in (("a", range(20)), ("b", range(20, 23))):
        columns = {
            "original": [hub(number, "o.png") for number in numbers],
            "edited": [hub(100 + number, "e.png") for number in numbers],
            "instruction": [str(number) for number in numbers],
        }
        hub_parquet(tmp_path / f"{name}.parquet", columns, group)
    rows = list(open_dataset(tmp_path).rows(start, stop))
    wanted = list(range(start, min(stop, 23)))
    assert [int(row.instruction or -1) for row in rows] == wanted
    assert [shades(row) for row in rows] == [(number, 100 + number) for number in wanted]


def test_pictures_are_read_only_when_they_are_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {
        "original": [hub(1, "o.png")],
        "edited": [hub(2, "e.png")],
        "instruction": ["x"],
        "mask": [hub(3, "m.png")],
        "thumbnail": [b"bytes"],
        "semantic.modify": [0.5],
    }
    dataset = open_dataset(hub_parquet(tmp_path / "edits.parquet", columns))
    asked: list[list[str]] = []
    read = pq.ParquetFile.iter_batches

    def spy(self: pq.ParquetFile, *arguments: Any, **named: Any) -> Any:
        asked.append(named["columns"])
        return read(self, *arguments, **named)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", spy)
    (bare,) = dataset.rows(pictures=False)
    (full,) = dataset.rows()
    assert asked[0] == ["original.path", "edited.path", "instruction", "mask.path", "semantic.modify"]
    assert asked[1] == ["original", "edited", "instruction", "mask.path", "semantic.modify"]
    assert shades(full) == (1, 2)
    assert bare.columns == full.columns
    assert full.columns["mask"] == "m.png"
    assert full.columns["semantic.modify"] == 0.5


def test_a_dataset_is_opened_again_where_it_is_unpickled(tmp_path: Path) -> None:
    dataset = open_dataset(
        hub_parquet(
            tmp_path / "edits.parquet",
            {"original": [hub(1, "a")], "edited": [hub(2, "b")], "instruction": ["x"]},
        )
    )
    (row,) = pickle.loads(pickle.dumps(dataset))
    assert shades(row) == (1, 2)


def test_the_fingerprint_follows_the_data(tmp_path: Path) -> None:
    path = tmp_path / "edits.csv"
    found = set()
    for content in ("a.png,b.png,x", "a.png,b.png,y", "a.png,b.png,y"):
        path.write_text(f"original,edited,instruction\n{content}\n")
        found.add(open_dataset(path).fingerprint())
    assert len(found) == 2
    found.add(open_dataset(path, edits=tmp_path).fingerprint())
    for text in ("x", "y"):
        columns = {"original": [hub(1, "a")], "edited": [hub(2, "b")], "instruction": [text]}
        found.add(open_dataset(hub_parquet(tmp_path / "edits.parquet", columns)).fingerprint())
    assert len(found) == 5


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


def test_parquet_that_is_damaged_in_the_middle(tmp_path: Path) -> None:
    columns = {"original": [hub(1, "a")] * 9, "edited": [hub(2, "b")] * 9, "instruction": ["x"] * 9}
    path = hub_parquet(tmp_path / "edits.parquet", columns)
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(200) + content[204:])
    with pytest.raises(InputError, match=r"edits.parquet cannot be read .* fetch or write it again"):
        list(open_dataset(path))


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


def test_pyarrow_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = hub_parquet(
        tmp_path / "edits.parquet", {"original": [hub(1, "a")], "edited": [hub(2, "b")], "instruction": ["x"]}
    )
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DeviceError, match=r"pip install 'editjudge\[datasets\]'"):
        open_dataset(path)


def test_a_picture_without_bytes_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(9))
    columns = {"original": [{"bytes": None, "path": "a.png"}], "edited": [hub(2, "b")], "instruction": ["x"]}
    (row,) = open_dataset(hub_parquet(tmp_path / "edits.parquet", columns))
    assert shades(row) == (9, 2)
    assert np.asarray(row.original).item() == tmp_path / "a.png"
