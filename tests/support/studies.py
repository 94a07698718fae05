"""Data sets that are rated, studies of them, and raters whose noise is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from editjudge.datasets import Dataset, open_dataset
from editjudge.study.database import StudyDatabase
from editjudge.study.design import StudyKind, default_design
from editjudge.study.items import read_items

EDITORS = ("painter", "smearer", "guesser")


@dataclass(frozen=True)
class RatedSet:
    """A data set in a folder, and how good each row is, from 1 to 5."""

    dataset: Dataset
    quality: Mapping[int, float]


def write_set(folder: Path, inputs: int = 4, candidates: int = 3, size: int = 16, more: str = "") -> RatedSet:
    """Noise in files that are called after their editors; quality is drawn from 1 to 5. more: is asked for too."""
    random = np.random.default_rng(5)
    rows = []
    for number in range(inputs):
        names = [f"original-{number}.png", *(f"{editor}-{number}.png" for editor in EDITORS[:candidates])]
        for name in names:
            cv2.imwrite(str(folder / name), random.integers(0, 255, (size, size, 3), dtype=np.uint8))
        for editor, edited in zip(EDITORS, names[1:], strict=False):
            row = {"id": f"{number}-{editor}", "group": f"input-{number}", "model": editor, "original": names[0]}
            rows.append({**row, "edited": edited, "instruction": f"make thing {number} blue{more}"})
    path = folder / "edits.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return RatedSet(open_dataset(path), dict(enumerate(random.uniform(1, 5, len(rows)).tolist())))


def begin(rated: RatedSet, path: Path, kind: StudyKind = "rate", seed: int = 3, checks: int = 0) -> StudyDatabase:
    """Opens the study, or begins it."""
    items, fingerprint = read_items(rated.dataset, kind)
    return StudyDatabase.open_or_create(path, default_design(kind, seed, checks), items, fingerprint)


def answer_all(study: StudyDatabase, rated: RatedSet, code: str, noise: float, seed: int) -> int:
    """A rater who says of every candidate, from every side, its quality with noise of this deviation, rounded; of two,
    which seems better."""
    random = np.random.default_rng(seed)
    rater = study.join(code)
    while (number := study.next_page(rater)) is not None:
        page = study.page(rater, number)
        rows = [study.picture(one.picture).row for one in page.candidates]
        seen = {
            side.name: [rated.quality[row] + random.normal(0, noise) for row in rows] for side in study.design.sides
        }
        if study.design.kind == "prefer":
            values = {1: {side: float(np.sign(round(left - right))) for side, (left, right) in seen.items()}}
        else:
            values = {
                place: {side: float(np.clip(round(said[place - 1]), 1, 5)) for side, said in seen.items()}
                for place in range(1, len(rows) + 1)
            }
        study.answer(rater, number, values)
    return rater
