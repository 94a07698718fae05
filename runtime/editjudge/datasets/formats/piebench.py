"""PIE-Bench: `mapping_file.json` by key, and the originals beside it in `annotation_images`; the edits are the user's.

Its tools write an edit under the original's relative path, in a folder `annotation_images` of the results.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from editjudge.datasets.format import DatasetFormat, Record


def _split(entry: Record) -> list[Record]:
    """The entry with its original, and without its mask, which is a picture in run lengths."""
    cells = {key: value for key, value in entry.items() if key != "mask"}
    return [{**cells, "original": f"annotation_images/{entry['image_path']}"}]


def _result_names(record: Record) -> list[str]:
    name = PurePosixPath(str(record["image_path"])).with_suffix("").as_posix()
    return [f"annotation_images/{name}", name]


FORM = DatasetFormat(
    name="piebench",
    known_by=frozenset({"image_path", "editing_instruction", "editing_type_id"}),
    original="original",
    edited=None,
    instruction="editing_instruction",
    id=lambda record: record.get("key"),
    split=_split,
    result_names=_result_names,
)
