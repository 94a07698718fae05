"""Data sets in the form they are published in: what is read of them."""

from __future__ import annotations

import json
from pathlib import Path

import PIL.Image
import pyarrow as pa
import pytest

from editjudge.datasets import open_dataset
from editjudge.errors import InputError
from support.dataset_files import HUB_IMAGE, bpm_entry, hub_image, png, shades, write_hub_parquet


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
        "source_img": [
            hub_image(10, "242679-input.png"),
            hub_image(20, "242679-output1.png"),
            hub_image(30, "55-input.png"),
        ],
        "mask_img": [hub_image(0, "m1.png"), hub_image(0, "m2.png"), hub_image(0, "m3.png")],
        "instruction": ["put a robin on the phone", "make the phone red", "let it rain"],
        "target_img": [
            hub_image(20, "242679-output1.png"),
            hub_image(21, "242679-output2.png"),
            hub_image(31, "55-output1.png"),
        ],
    }
    dataset = open_dataset(
        write_hub_parquet(tmp_path / "data" / "dev-00000-of-00002-b3949adffa3af51a.parquet", columns)
    )
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
        "INPUT_IMG": [hub_image(40, "in.jpg")],
        "MASK_IMG": [hub_image(0, "mask.png")],
        "OUTPUT_IMG": [hub_image(50, "out.jpg")],
    }
    (row,) = open_dataset(write_hub_parquet(tmp_path / "train-00000-of-00034.parquet", columns))
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
        "source_image": [hub_image(10, "s.png"), hub_image(11, "s.png")],
        "candidate_1": [hub_image(20, "c1.png"), hub_image(21, "c1.png")],
        "candidate_2": [hub_image(30, "c2.png"), hub_image(31, "c2.png")],
        "ranking": [ranking] * 2,
        "comparison_type": [compared] * 2,
        "score_1": [6.0, 5.0],
        "score_2": [2.0, 5.0],
        "model_1": ["bagel"] * 2,
        "model_2": ["flux"] * 2,
    }
    write_hub_parquet(tmp_path / "4pair" / "train-00000-of-00004.parquet", columns)
    write_hub_parquet(tmp_path / "4pair" / "train-00001-of-00004.parquet", columns)
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
        "input_image": pa.array([hub_image(10, "a.png"), hub_image(11, "b.png")], HUB_IMAGE),
        "input_image_raw": pa.array([hub_image(12, "a.png"), hub_image(13, "b.png")], HUB_IMAGE),
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
