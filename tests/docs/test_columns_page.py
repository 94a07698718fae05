"""docs/datasets.md tells every column that `score-dataset` writes, and no other."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from editjudge.cli.main import run
from editjudge.datasets.demo import load_demo

PAGE = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text(encoding="utf-8")
GIVEN = ["original", "edited", "instruction"]
INPUT = ["id", "group", *GIVEN, "human"]
SIDE = re.compile(r"judges\.reward\.(?:following|preserving|quality)")


def read_told() -> list[str]:
    """The names in the first cells of the table, which may hold several."""
    section = PAGE.split("## The columns\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \| ", section, re.M)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_the_page_tells_the_columns_that_are_written(tmp_path: Path) -> None:
    demo = load_demo()[0]
    row = [str(demo.original), str(demo.candidates[0].file), demo.instruction]
    with (tmp_path / "edits.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([GIVEN, row])
    output = tmp_path / "scores.csv"
    command = ["score-dataset", str(tmp_path / "edits.csv"), "-o", str(output), "--metrics", "l2,reward"]
    assert run([*command, "--workers", "1"]) == 0
    with output.open(newline="", encoding="utf-8") as file:
        header = next(csv.reader(file))
    assert header[: len(INPUT)] == INPUT
    told = read_told()
    measured = [name for name in header if name.startswith(("metrics.", "judges."))]
    assert sorted(told) == sorted(set(header) - set(INPUT) - set(measured))
    assert told[-1] == header[-1] == "error"
    assert header.index(measured[-1]) == len(header) - 2
    # The page has these as forms, of which the names are made.
    named = {SIDE.sub("judges.NAME.SIDE", name).replace("metrics.l2", "metrics.NAME") for name in measured}
    named = {name.replace("metrics.reward", "metrics.NAME") for name in named}
    assert all(f"`{name}`" in PAGE for name in named)
    assert len(named) == 4
