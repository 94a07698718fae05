"""Data sets as they are published, written small."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import PIL.Image
import pyarrow as pa
import pyarrow.parquet as pq

from editjudge.datasets import EditSample
from editjudge.image import decode

HUB_IMAGE = pa.struct({"bytes": pa.binary(), "path": pa.string()}.items())


def png(shade: int) -> bytes:
    """A grey picture of 16 x 12 pixels."""
    stream = io.BytesIO()
    PIL.Image.new("RGB", (16, 12), (shade, shade, shade)).save(stream, "PNG")
    return stream.getvalue()


def hub_image(shade: int, name: str) -> dict[str, Any]:
    """A picture as a column of type Image of the hub keeps it."""
    return {"bytes": png(shade), "path": name}


def shades(row: EditSample) -> tuple[int, int]:
    """The grey values of the row's two pictures, decoded as the scorer would."""
    original, edited, _ = row.edit()
    return int(decode.load_image(original).mean()), int(decode.load_image(edited).mean())


def write_hub_parquet(path: Path, columns: dict[str, list[Any]], group: int = 2) -> Path:
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
        candidate: dict[str, Any] = {"image_path": f"sample_test/model_{number}/{index}.png"}
        if ratings:
            candidate |= {"user_overall_quality": ratings[number - 1], "user_preservation": 3, "user_edit_quality": 4}
        candidates[f"edited_image{number}"] = candidate
    source = f"sample_test/real/{index}.png"
    entry = {"index": index, "instruction": "Make the car blue.", "source_image_path": source}
    return {**entry, "original_part": "car", "edited_part": "blue car", "added_object": "", **candidates}
