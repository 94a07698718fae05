"""Do the ratings of others come out of a study as they went in, and agree as is published?

    python -m benchmarks.study.round_trip --ratings FILE

FILE is ImagenHub's table, as `benchmarks.rewards.agreement` reads it: `editjudge study import`, then `study export`.
"""

from __future__ import annotations

import csv
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from benchmarks.common.reporting import Figure, show
from benchmarks.rewards.agreement import PUBLISHED, TOLERANCE, measure
from editjudge.cli.main import run

NAMES = {"uid": "group", "editor": "model"}
"""What a study calls some columns."""


def count_differing(before: Path, after: Path) -> tuple[int, int]:
    """How many rows there are, and how many cells of them say something else than they did."""
    pairs = list(zip(read_rows(before), read_rows(after), strict=True))
    return len(pairs), sum(not is_same(cell, new[name]) for old, new in pairs for name, cell in old.items())


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [{NAMES.get(name, name): cell for name, cell in row.items()} for row in csv.DictReader(file)]


def is_same(one: str, other: str) -> bool:
    """Whether two cells hold the same text, or the same number."""
    try:
        return one == other or float(one) == float(other)
    except ValueError:
        return False


def call(*arguments: str) -> None:
    if run(list(arguments)):
        raise SystemExit(f"editjudge {' '.join(arguments)} fails")


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--ratings", type=Path, required=True, help="The table of ratings.")
    ratings: Path = parser.parse_args().ratings
    with tempfile.TemporaryDirectory() as folder:
        study, table = Path(folder) / "others.sqlite", Path(folder) / "others.csv"
        columns = ("--raters", "rater{n}_{side}", "--sides", "sc,pq", "--group", "uid", "--model", "editor")
        call("study", "import", str(ratings), "--db", str(study), *columns)
        call("study", "export", str(study), "-o", str(table))
        rows, differing = count_differing(ratings, table)
        result = measure(table, group="group", model="model")
    found = {place: result.grids[place[0]].row(place[1])[place[2]].value for place in PUBLISHED}
    furthest = max(abs(found[place] - published) for place, published in PUBLISHED.items())
    figures = [
        Figure("rows", "rows", rows),
        Figure("differing", "cells that say something else", differing, 0, at_least=False),
        *(Figure(" ".join(place), f"{place[1]}, {place[2]}", value) for place, value in found.items()),
        Figure("furthest", "furthest from what is published", furthest, TOLERANCE, at_least=False),
    ]
    show("ratings of others, there and back", figures)


if __name__ == "__main__":
    main()
