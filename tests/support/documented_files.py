"""The files that the pages of documentation name, made of the demo's pictures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from PIL import Image

from editjudge.datasets.demo import load_demo, load_photographs

MODELS = 3


def make_files(folder: Path) -> None:
    """Writes pictures, tables and instructions into a folder, by the names that the pages use."""
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
    with (folder / "edits.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    edits = [{name: row[name] for name in ("original", "edited", "instruction")} for row in rows[:2]]
    (folder / "edits.jsonl").write_text("".join(f"{json.dumps(edit)}\n" for edit in edits), encoding="utf-8")


def _convert(source: Path, target: Path) -> None:
    with Image.open(source) as picture:
        picture.convert("RGB").save(target)
