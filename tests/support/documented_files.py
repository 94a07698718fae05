"""The files that the pages of documentation name, made of the demo's pictures."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from editjudge.datasets import open_dataset
from editjudge.datasets.demo import load_demo, load_photographs
from support.rated_demo import write_ratings
from support.studies import RatedSet, answer_all, begin

MODELS = 3


def make_files(folder: Path, page: str) -> None:
    """Writes pictures, tables and instructions into a folder, by the names that the page uses."""
    color = next(one for one in load_demo() if one.id == "color")
    good = next(one.file for one in color.candidates if one.label == "well done")
    others = [one.file for one in color.candidates if one.file != good]
    names = {"original.png": color.original, "edited.png": good, "a.png": color.original, "b.png": good}
    for name, path in {**names, "c.png": others[0], "other.png": others[1]}.items():
        _convert(path, folder / name)
    photograph = load_photographs()[0]
    _convert(photograph.original, folder / "photo.jpg")
    for name, one in zip(("edited.jpg", "a.jpg", "b.jpg"), photograph.candidates, strict=False):
        _convert(one.file, folder / name)
    _write_tables(folder)
    (folder / "instructions.txt").write_text("make the car blue\nremove the dog\n", encoding="utf-8")
    if page in OF_PAGES:
        OF_PAGES[page](folder)


def _write_tables(folder: Path) -> None:
    """edits.csv: three edits of each input as of three models, with ratings; edits.jsonl: two edits."""
    rows = [
        {
            "original": str(one.original),
            "edited": str(candidate.file),
            "instruction": one.instruction,
            "group": one.id,
            "model": f"model {number}",
            "human": 2 if candidate.label == "well done" else number % 2,
        }
        for one in load_demo()
        for number, candidate in enumerate(one.candidates[:MODELS])
    ]
    _write_csv(folder / "edits.csv", rows)
    edits = [{name: row[name] for name in ("original", "edited", "instruction")} for row in rows[:2]]
    (folder / "edits.jsonl").write_text("".join(f"{json.dumps(edit)}\n" for edit in edits), encoding="utf-8")


def _write_rated_edits(folder: Path) -> None:
    """human.csv: more than fifty edits that three raters rated."""
    rows = [json.loads(line) for line in write_ratings(folder).read_text("utf-8").splitlines()]
    _write_csv(folder / "human.csv", rows)


def _write_study(folder: Path) -> None:
    """edits.jsonl; ratings.sqlite, its study that two raters have answered; ratings.csv, what others said of edits."""
    with (folder / "edits.csv").open(encoding="utf-8", newline="") as file:
        rows = [{"id": str(number), **row} for number, row in enumerate(csv.DictReader(file))]
    (folder / "edits.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    quality = {number: 1 + 2 * float(row["human"]) for number, row in enumerate(rows)}
    rated = RatedSet(open_dataset(folder / "edits.jsonl"), quality)
    with begin(rated, folder / "ratings.sqlite", seed=0) as study:
        for seed, code in enumerate(("first", "second")):
            answer_all(study, rated, code, noise=0.5, seed=seed)
    said = [
        {
            "uid": row["group"],
            "editor": row["model"],
            **{f"rater{n}_{side}": n / 2 - 0.5 for n in (1, 2) for side in ("sc", "pq")},
        }
        for row in rows
    ]
    _write_csv(folder / "ratings.csv", said)


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def _convert(source: Path, target: Path) -> None:
    with Image.open(source) as picture:
        picture.convert("RGB").save(target)


OF_PAGES: dict[str, Callable[[Path], None]] = {
    "docs/calibration.md": _write_rated_edits,
    "docs/study.md": _write_study,
}
"""What only some pages name."""
