"""The package's rendered edits, rated by raters who know their quality."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from editjudge.datasets.demo import load_demo

GOOD, FAIR, BAD = 5, 3, 1
LIKED = {"well done": GOOD, "well done, with damage elsewhere": FAIR, "right object, wrong place or size": FAIR}
CROPS = (0, 6, 12, 18)
"""Pixels that are cut off each side, so that there are more than fifty edits."""


def write_ratings(folder: Path) -> Path:
    """The package's rendered edits, each cut in several ways, rated by three raters who err by a point at times."""
    random = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for crop in CROPS:
        for each in load_demo():
            pictures = {path: folder / f"{crop}-{path.stem}.png" for path in _list_files(each)}
            for source, target in pictures.items():
                picture = cv2.imread(str(source))
                height, width = picture.shape[:2]
                cv2.imwrite(str(target), picture[crop : height - crop, crop : width - crop])
            for number, candidate in enumerate(each.candidates):
                said = [int(np.clip(LIKED.get(candidate.label, BAD) + random.integers(-1, 2), 1, 5)) for _ in range(3)]
                row = {"id": f"{crop}-{each.id}-{number}", "group": f"{crop}-{each.id}", "human": float(np.mean(said))}
                raters = {f"rater{rater}_overall": value for rater, value in enumerate(said, 1)}
                where = {"original": pictures[each.original].name, "edited": pictures[candidate.file].name}
                rows.append({**row, **where, "instruction": each.instruction, **raters})
    path = folder / "human.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def _list_files(each: Any) -> Iterator[Path]:
    yield each.original
    for candidate in each.candidates:
        yield candidate.file
