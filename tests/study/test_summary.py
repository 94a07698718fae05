"""How a study stands: how it was begun, mean ratings by editor and by mask, by hand."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from editjudge.cli.main import run
from editjudge.datasets import open_dataset
from editjudge.errors import InputError
from editjudge.evaluation import EvaluationOptions, ScoreTable
from editjudge.evaluation.result import Grid
from editjudge.study.database import StudyDatabase
from editjudge.study.importing import import_ratings
from editjudge.study.summary import average_models, count_preferences
from support.studies import EDITORS, RatedSet, begin, write_set

SIDES = ("overall", "modify", "preserve", "size", "position")


SideValues = dict[str, float]


def rate(
    study: StudyDatabase,
    code: str,
    values: dict[int, SideValues],
    pages: int | None = None,
    of_checks: SideValues | None = None,
) -> None:
    """Rates each candidate of the data set by its row, and what is none of it. pages: as many of them, or all."""
    rater = study.join(code)
    while (number := study.next_page(rater)) is not None and (pages is None or number <= pages):
        places = [study.picture(one.picture) for one in study.page(rater, number).candidates]
        said = [values[one.row] if one.column == "edited" else of_checks or {} for one in places]
        study.answer(rater, number, dict(enumerate(said, 1)))


def alike(*values: float) -> dict[int, SideValues]:
    """From every side the same, by row."""
    return {row: dict.fromkeys(SIDES, value) for row, value in enumerate(values)}


def column(grid: Grid, side: str) -> dict[str, tuple[float, int]]:
    """Value and count of every row."""
    cells = {name: grid.row(name)[side] for name in grid.rows}
    return {name: (pytest.approx(cell.value), cell.count) for name, cell in cells.items()}


def test_the_mean_of_an_editor(tmp_path: Path) -> None:
    """By hand: painter's two edits have the means 1.5 and 4, so that a resample of the two inputs has 1.5 in a quarter
    of all cases, 4 in another, and else 2.75."""
    rated = write_set(tmp_path, inputs=2)
    values = alike(1, 2, 3, 4, 5, 1)
    values[0]["size"] = 5.0
    with begin(rated, tmp_path / "r.sqlite") as study:
        with pytest.raises(InputError, match="has no ratings"):
            average_models(study)
        rate(study, "zoe", values)
        rate(study, "anna", alike(2, 2, 5, 4, 4, 2))
        found = average_models(study)
    (grid,) = found.grids.values()
    assert grid.columns == SIDES
    assert column(grid, "overall") == {"painter": (2.75, 2), "smearer": (3.25, 2), "guesser": (2.75, 2)}
    assert column(grid, "size") == {"painter": (3.75, 2), "smearer": (3.25, 2), "guesser": (2.75, 2)}
    cell = grid.row("painter")["overall"]
    assert (cell.low, cell.high) == (1.5, 4.0)
    assert (found.used, found.left_out) == (
        {"edits": 6, "inputs": 2, "raters": 2},
        {"edits that nobody rated": 0},
    )


def test_an_edit_counts_once_however_many_rated_it(tmp_path: Path) -> None:
    """By hand: one input has the mean 3 of two raters, two have 4 of one; and one is not rated."""
    with begin(write_set(tmp_path, inputs=4), tmp_path / "r.sqlite") as study:
        rate(study, "anna", alike(*[4] * 12), pages=3)
        answered = {study.page(1, number).instruction for number in (1, 2, 3)}
        ben = study.join("ben")
        first = next(n for n in range(1, 5) if study.page(ben, n).instruction in answered)
        study.answer(ben, first, {place: dict.fromkeys(SIDES, 2.0) for place in (1, 2, 3)})
        found = average_models(study)
    assert column(found.grids["means"], "overall") == dict.fromkeys(EDITORS, (11 / 3, 3))
    assert found.used == {"edits": 9, "inputs": 3, "raters": 2}
    assert found.left_out == {"edits that nobody rated": 3}


def test_raters_who_failed_a_check_are_left_out(tmp_path: Path) -> None:
    """Ben says of the original that stands as an edit that it did what was asked."""
    with begin(write_set(tmp_path), tmp_path / "r.sqlite", checks=1) as study:
        rate(study, "anna", alike(*[2] * 12), of_checks={**dict.fromkeys(SIDES, 5.0), "modify": 1.0})
        rate(study, "ben", alike(*[4] * 12), of_checks=dict.fromkeys(SIDES, 5.0))
        everybody, looking = (average_models(study, passed) for passed in (False, True))
    for found, mean, raters in ((everybody, 3.0, 2), (looking, 2.0, 1)):
        assert column(found.grids["means"], "overall") == dict.fromkeys(EDITORS, (mean, 4))
        assert found.used["raters"] == raters


def test_preferences_of_raters_who_failed_a_check_are_left_out(tmp_path: Path) -> None:
    """Who prefers the left one always says once in five checks, but by a chance of 1 in 32, that noise is better."""
    with begin(write_set(tmp_path, inputs=6, candidates=2), tmp_path / "r.sqlite", "prefer", checks=5) as study:
        rater = study.join("ben")
        while (number := study.next_page(rater)) is not None:
            study.answer(rater, number, {1: dict.fromkeys(SIDES, 1.0)})
        everybody, looking = count_preferences(study), count_preferences(study, passed_checks=True)
    assert sum(one.better + one.worse for one in everybody) == 6 * len(SIDES)
    assert looking == []


def write_masks(folder: Path) -> RatedSet:
    """Three edits of two originals, with two masks each: the first two edits are of one input."""
    write_set(folder, inputs=2, candidates=2)
    rows = [json.loads(line) for line in (folder / "edits.jsonl").read_text("utf-8").splitlines()][:3]
    cv2.imwrite(str(folder / "mask.png"), np.full((16, 16), 255, np.uint8))
    masks = {"mask_ours": "mask.png", "mask_difference": "mask.png"}
    path = folder / "masks.jsonl"
    path.write_text("\n".join(json.dumps({**row, **masks}) for row in rows), "utf-8")
    return RatedSet(open_dataset(path), {})


def test_the_mean_of_a_mask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By hand, of three edits and one rater: ours 5, 4, 3, and the difference 1, 2, 3."""
    said = {"mask_ours": (5.0, 4.0, 3.0), "mask_difference": (1.0, 2.0, 3.0)}
    path = tmp_path / "m.sqlite"
    with begin(write_masks(tmp_path), path, "masks") as study:
        rater = study.join("anna")
        while (number := study.next_page(rater)) is not None:
            masks = [study.picture(one.mask or "") for one in study.page(rater, number).candidates]
            study.answer(rater, number, {n: {"mask": said[one.column][one.row]} for n, one in enumerate(masks, 1)})
        found = average_models(study)
    assert column(found.grids["means"], "mask") == {"ours": (4.0, 3), "difference": (2.0, 3)}
    assert found.used == {"masks": 6, "inputs": 2, "raters": 1}
    assert run(["study", "show", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "Mean rating by mask" in printed
    assert "No agreement can be told: m.sqlite has one rater" in printed
    assert run(["study", "show", str(path), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    ours = shown["means"]["tables"]["means"]["rows"]["ours"]["mask"]
    assert ours == {"value": 4.0, "low": 3.0, "high": 4.5, "count": 3}  # the two inputs have 4.5 of two edits, and 3
    assert shown["agreement"] is None


def test_sides_of_others_whose_names_end_alike(tmp_path: Path) -> None:
    """And an edit without an editor among others that have one."""
    columns = {
        "group": ["a", "a", "b"], "model": ["P", "Q", "P"],
        "rater1_q": [1, 2, 3], "rater2_q": [3, "", 3], "rater1_p_q": [0.5, 0.25, 1], "rater2_p_q": [0.5, 0.75, 0],
    }  # fmt: skip
    options = EvaluationOptions(raters=("rater{n}_{side}",), sides=("q", "p_q"))
    import_ratings(tmp_path / "r.sqlite", ScoreTable("theirs.csv", columns), options)
    with StudyDatabase.open(tmp_path / "r.sqlite") as study:
        (grid,) = average_models(study).grids.values()
    assert column(grid, "q") == {"P": (2.5, 2), "Q": (2.0, 1)}
    assert column(grid, "p_q") == {"P": (0.5, 2), "Q": (0.5, 1)}


def test_show_tells_how_the_study_was_begun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.sqlite"
    with begin(write_set(tmp_path), path, seed=9, checks=2) as study:
        rate(study, "zoe", alike(*[3] * 12), pages=1, of_checks=dict.fromkeys(SIDES, 3.0))
        study.join("anna")
    assert run(["study", "show", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "kind rate, seed 9, checks 2, pairs all, inputs 4"
    assert lines[1].startswith("rater 1, zoe: 1 of 6 pages")
    assert lines[2] == "rater 2, anna: 0 of 6 pages"
    assert run(["study", "show", str(path), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["design"] == {"kind": "rate", "seed": 9, "checks": 2, "pairs": None, "inputs": 4}
