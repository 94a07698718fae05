"""EditScore's EditReward-Bench: its pairs, and those that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from editjudge.datasets import open_dataset
from support.dataset_files import HUB_IMAGE, hub_image, shades


def bench(**changes: Any) -> dict[str, Any]:
    pair = {
        "key": ["a-1", "a-2"],
        "instruction": "make it blue",
        "input_image": hub_image(10, "a.png"),
        "output_images": [hub_image(20, "a-1.png"), hub_image(30, "a-2.png")],
        "task_type": "color_alter",
        "dimension": "consistency",
    }
    return pair | changes


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_editscores_bench(tmp_path: Path, suffix: str) -> None:
    pairs = [
        bench(),
        bench(key=["a-1", "a-3"], dimension="overall"),
        bench(key=["a-1"], dimension="overall"),
        bench(output_images=[hub_image(20, "a-1.png")]),
    ]
    columns = {name: [pair[name] for pair in pairs] for name in pairs[0]}
    kinds = {"input_image": HUB_IMAGE, "output_images": pa.list_(HUB_IMAGE)}
    table = pa.table({name: pa.array(cells, kinds.get(name)) for name, cells in columns.items()})
    if suffix == ".parquet":
        pa.parquet.write_table(table, tmp_path / "bench.parquet")
    else:
        with pa.OSFile(str(tmp_path / "bench.arrow"), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
    dataset = open_dataset(tmp_path / f"bench{suffix}")
    rows = list(dataset)
    assert dataset.form.name == "editscore"
    assert [(row.id, row.human, row.columns["candidate"]) for row in rows[:4]] == [
        ("a-1", 1, 1),
        ("a-2", 0, 2),
        ("a-1", 1, 1),
        ("a-3", 0, 2),
    ]
    assert [row.group for row in rows[:4]] == ["a-1 a-2 consistency"] * 2 + ["a-1 a-3 overall"] * 2
    assert shades(rows[1]) == (10, 30)
    assert rows[1].columns["edited"] == "a-2.png"
    assert (rows[1].columns["type"], rows[1].columns["dimension"]) == ("color_alter", "consistency")
    assert (
        rows[4].problem
        == rows[5].problem
        == "the pair has no list of two keys and one of two pictures; fetch the set again"
    )
    assert [row.id for row in rows[4:]] == ["4", "5", "a-1", "a-2"]
    assert [(row.group, row.columns["human"]) for row in rows[6:]] == [
        ("a-1 a-2 consistency", number) for number in (1, 0)
    ]
    assert rows[7].problem == rows[4].problem
    assert rows[4].columns["instruction"] == "make it blue"
    assert [row.columns.get("edited") for row in dataset.rows(pictures=False)][:2] == ["a-1.png", "a-2.png"]
