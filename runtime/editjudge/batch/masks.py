"""Masks of the edits of a data set, as files, in a table that a study of masks reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editjudge.datasets import Dataset, EditSample
from editjudge.errors import InputError
from editjudge.guidance import encode_png, find_change_mask, find_mask
from editjudge.image.decode import ImageSource, load_image
from editjudge.image.decoding.sources import find_file
from editjudge.metrics.registry import EditScore
from editjudge.scorer import Scorer
from editjudge.utils.atomic_file import new_folder
from editjudge.utils.libraries.opencv import cv2
from editjudge.utils.text import replace_surrogates

TABLE = "masks.jsonl"
MASKS: Mapping[str, Callable[[EditScore], Any]] = {
    "mask_ours": lambda score: find_mask(score).mask,
    "mask_difference": find_change_mask,
}
"""What masks there are of a score, uint8[H, W], by their columns."""


@dataclass(frozen=True)
class WrittenMasks:
    """How many edits have masks in the table, and the ids of others with why they have none."""

    table: Path
    edits: int
    left_out: tuple[tuple[str, str], ...]


def write_masks(
    scorer: Scorer, dataset: Dataset, folder: Path, watch: Callable[[int], None] = lambda done: None
) -> WrittenMasks:
    """Writes the masks of each edit as PNG, and a table of them; the folder is whole, or not there.

    An edit that cannot be read, and one that has no region, as nothing was edited, is left out.

    Args:
        scorer: Finds the regions.
        dataset: The edits.
        folder: Where to; must not be there.
        watch: Called with the number of edits that are done.

    Raises InputError where the folder cannot be written, or no edit has a mask.
    """
    rows: list[dict[str, Any]] = []
    left_out: list[tuple[str, str]] = []
    with new_folder(folder) as made:
        for number, sample in enumerate(dataset.rows()):
            try:
                rows.append(_write_row(scorer, sample, number, made))
            except InputError as error:
                left_out.append((sample.id, str(error)))
            watch(number + 1)
        if not rows:
            reason = left_out[0][1] if left_out else "it has no rows"
            raise InputError(f"no edit of {Path(dataset.path).name} has masks: {reason}")
        (made / TABLE).write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")
    return WrittenMasks(folder / TABLE, len(rows), tuple(left_out))


def _write_row(scorer: Scorer, sample: EditSample, number: int, folder: Path) -> dict[str, Any]:
    original, edited, instruction = sample.edit()
    score = scorer.score(original, edited, instruction)
    masks = {column: encode_png(find(score)) for column, find in MASKS.items()}
    names = {"id": sample.id, "group": sample.group, "instruction": instruction}
    row: dict[str, Any] = {key: None if name is None else replace_surrogates(name) for key, name in names.items()}
    pictures: Iterable[tuple[str, ImageSource]] = (("original", original), ("edited", edited))
    row |= {column: _refer(source, folder / f"{number}-{column}.png") for column, source in pictures}
    for column, content in masks.items():
        path = folder / f"{number}-{column}.png"
        path.write_bytes(content)
        row[column] = path.name
    return row


def _refer(source: ImageSource, copy: Path) -> str:
    """The whole path of a picture that is a file; one that stands in the table itself is written as a copy, as is one
    of a path that no text can hold."""
    if isinstance(source, (str, Path)) and not str(source).startswith("data:"):
        path = str(find_file(str(source)).resolve())
        if path == replace_surrogates(path):
            return path
    picture = cv2.cvtColor(load_image(source), cv2.COLOR_RGB2BGR)
    copy.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return copy.name
