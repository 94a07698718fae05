"""What people said, read from tables; and what a bundle measures, by the numbers of another one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from editjudge import EditScore, Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.settings import NormRanges
from editjudge.calibration.bundle_copy import copy_bundle
from editjudge.calibration.rated_edits import MeasuredEdit, RatedEdits
from editjudge.calibration.ratings import RatedRow, Rating, read_ratings
from editjudge.calibration.verdict_fit import predict
from editjudge.datasets import open_dataset
from editjudge.datasets.demo import load_demo
from editjudge.errors import InputError

NORM = NormRanges(modify=(-0.05, 0.8), preserve=(0.6, 0.97))


PICTURES = {"original": "a.png", "edited": "b.png", "instruction": "make the hydrant blue"}


def write_table(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("\n".join(json.dumps({**PICTURES, **row}) for row in rows), "utf-8")
    return path


def read(*tables: Path, good_from: float = 4.0) -> tuple[list[dict[int, RatedRow]], dict[str, int]]:
    return read_ratings([open_dataset(table) for table in tables], good_from)


def test_the_share_of_raters_who_find_it_well_done(tmp_path: Path) -> None:
    table = write_table(
        tmp_path / "human.jsonl",
        {"id": "1", "edited": "1", "human": 3.667, "rater1_overall": 4, "rater2_overall": 5, "rater3_overall": 2},
        {"id": "2", "edited": "2", "human": 3.0, "rater1_overall": 3, "rater2_overall": None, "rater1_modify": 5},
        {"id": "3", "edited": "3", "human": 4.5, "rater_count_overall": 3},
        {"id": "4", "edited": "4"},
    )
    (found,), left_out = read(table)
    assert {number: row.rating for number, row in found.items()} == {
        0: Rating(3.667, pytest.approx(2 / 3)),
        1: Rating(3.0, 0.0),
        2: Rating(4.5, 1.0),  # without raters, by the mean
    }
    assert left_out["without a rating"] == 1
    assert read(table, good_from=2.5)[0][0][0].rating.well_done == pytest.approx(2 / 3)


def test_an_input_is_a_group_or_an_original_and_an_instruction(tmp_path: Path) -> None:
    """Or edits of one input would stand on both sides of a fold."""
    others = [{"edited": "c.png"}, {"instruction": "remove the hydrant"}, {"original": "d.png"}]
    (found,), _ = read(write_table(tmp_path / "human.jsonl", *({"human": 3.0, **other} for other in ({}, *others))))
    first, same, *apart = (row.input for row in found.values())
    assert first == same
    assert len({first, *apart}) == 3
    grouped = [{"group": "x", "edited": name, "human": 3.0} for name in "ab"]
    (found,), _ = read(write_table(tmp_path / "grouped.jsonl", *grouped, {"group": "y", "edited": "c", "human": 3.0}))
    assert found[0].input == found[1].input != found[2].input


def test_an_edit_that_stands_in_several_rows_or_tables_counts_once(tmp_path: Path) -> None:
    said = [{"group": "x", "human": 3.0, "rater1_overall": 3}, {"group": "again", "human": 5.0, "rater1_overall": 5}]
    one, other = write_table(tmp_path / "one.jsonl", *said), write_table(tmp_path / "other.jsonl", {"human": 4.0})
    (first, second), left_out = read(one, other)
    assert [row.rating for row in first.values()] == [Rating(4.0, pytest.approx(2 / 3))]
    assert second == {}
    assert left_out["rows of an edit that was rated before"] == 2


def test_groups_of_two_tables_are_not_one_for_being_called_alike(tmp_path: Path) -> None:
    tables = [
        write_table(tmp_path / f"{name}.jsonl", {"group": "1", "original": name, "edited": name, "human": 3.0})
        for name in "ab"
    ]
    (first, second), _ = read(*tables)
    assert first[0].input != second[0].input


@pytest.mark.parametrize(("column", "rating"), [("human", 0.5), ("human", 7), ("rater1_overall", 6), ("human", -1.5)])
def test_ratings_off_the_scale_are_refused(tmp_path: Path, column: str, rating: float) -> None:
    table = write_table(
        tmp_path / "human.jsonl", {"human": 3.0, "edited": "c"}, {"id": "odd", "human": 3.0, column: rating}
    )
    told = rf"row 'odd' has the rating {rating:g} in {column}; ratings must be from 1 to 5"
    with pytest.raises(InputError, match=told):
        read(table)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"human": 4.0, "rater1_mask": 4}], "these are ratings of masks"),
        ([{"human": -1.0}, {"human": 0.5, "edited": "c"}], "these look like preferences, from -1 to 1"),
        ([{"human": "4,33"}], "the column human has '4,33', which is no number; write one as 4.33"),
        ([{}], "there are no ratings; they must stand in a column named human"),
    ],
)
def test_what_is_no_rating_of_an_edit_is_refused(tmp_path: Path, rows: list[dict[str, object]], told: str) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        read(write_table(tmp_path / "human.jsonl", *rows))


def score_demo(bundle: Bundle) -> list[EditScore]:
    found = []
    with Scorer.load(bundle.folder) as scorer:
        for each in load_demo()[:3]:
            prepared = scorer.prepare(each.original, each.instruction)
            found += [one.score for one in prepared.scores([candidate.file for candidate in each.candidates])]
    return [score for score in found if score is not None]


def test_other_numbers_tell_what_a_bundle_with_them_tells(studio: Bundle, tmp_path: Path) -> None:
    verdict = studio.manifest.verdict
    assert verdict is not None
    curved = replace(verdict, accept_at=0.6, reject_at=0.2, curve_at=(0.01, 0.5, 0.99), curve=(0.05, 0.4, 0.88))
    other = copy_bundle(studio, tmp_path / "other", {"norm": NORM, "verdict": curved})
    before, after = score_demo(studio), score_demo(other)
    pairs = [(MeasuredEdit.of(one), two) for one, two in zip(before, after, strict=True)]
    measured = [(edit, score) for edit, score in pairs if edit is not None]
    assert len(measured) > 6
    assert [score.kind != "edit" or score.bpm is None for edit, score in pairs if edit is None] == [True] * (
        len(pairs) - len(measured)
    )
    for edit, score in measured:
        for part, real in zip(edit.renormed(NORM), score.parts, strict=True):
            assert part.semantic.modify == pytest.approx(real.semantic.modify, abs=1e-6)
            assert part.semantic.preserve == pytest.approx(real.semantic.preserve, abs=1e-6)
            assert part.done == pytest.approx(real.done, abs=1e-5)
    edits = RatedEdits.of([(edit, "a", Rating(3, 0)) for edit, _ in measured])
    numbers, chances = edits.count_numbers(NORM), predict(edits.view(NORM), curved)
    np.testing.assert_allclose(numbers, [score.bpm for _, score in measured], atol=1e-5)
    np.testing.assert_allclose(chances, [score.verdict.probability for _, score in measured], atol=1e-4)
    assert np.ptp(chances) > 0.3
    assert np.abs(numbers - [score.bpm for score in before if MeasuredEdit.of(score)]).max() > 0.01
