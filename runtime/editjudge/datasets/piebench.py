"""PIE-Bench: `mapping_file.json` by key, and the originals beside it in `annotation_images`; the edits are one's own.

Its tools write an edit under the original's relative path, in a folder `annotation_images` of the results.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from editjudge.datasets.form import Form, Record


def _split(entry: Record) -> list[Record]:
    """The entry without its mask, which is a picture in run lengths."""
    kept = {key: value for key, value in entry.items() if key != "mask"}
    return [{**kept, "original": f"annotation_images/{entry['image_path']}"}]


def _places(record: Record) -> list[str]:
    place = PurePosixPath(str(record["image_path"])).with_suffix("").as_posix()
    return [f"annotation_images/{place}", place]


FORM = Form(
    name="piebench",
    known_by=frozenset({"image_path", "editing_instruction", "editing_type_id"}),
    original="original",
    edited=None,
    instruction="editing_instruction",
    id=lambda record: record.get("key"),
    group=lambda record: record.get("key"),
    split=_split,
    places=_places,
)
