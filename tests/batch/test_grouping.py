"""Rows of one original go through the models together, and no table tells how they came to be together."""

from __future__ import annotations

import csv
import errno
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from editjudge import Scorer
from editjudge.batch.grouping import BLOCK, read_groups
from editjudge.batch.score_columns import Values, score_values
from editjudge.batch.worker import Setup, Worker
from editjudge.datasets import Dataset, open_dataset
from editjudge.datasets.demo import load_demo
from editjudge.errors import OutOfMemoryError
from editjudge.ranking import Prepared
from support.batch_runs import WORDLESS, write_candidates


@pytest.fixture(scope="module")
def worker() -> Worker:
    return Worker(Setup(device="cpu", compat="released", threads=1))


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """2 originals with 10 candidates each."""
    return open_dataset(write_candidates(tmp_path_factory.mktemp("groups") / "edits.csv", 2, 10))


def numbers_of(dataset: Dataset, pending: Sequence[range]) -> list[list[int]]:
    return [[number for number, _ in group] for block in read_groups(dataset, pending) for group in block]


def scored(worker: Worker, dataset: Dataset, pending: Iterable[int]) -> dict[int, Values]:
    groups = read_groups(dataset, [range(number, number + 1) for number in sorted(pending)])
    return {row.number: row.values for block in groups for group in block for row in worker.score(group)}


def test_rows_of_one_original_and_one_instruction_are_a_group(tmp_path: Path) -> None:
    path = tmp_path / "edits.csv"
    rows = ["a,x,1", "a,y,1", "b,x,1", "a,x,2", "a,z,1", ",x,1", ",y,1", "b,y,1"]
    path.write_text("\n".join(["original,edited,instruction", *rows, *["a,x,1"] * BLOCK]))
    groups = numbers_of(open_dataset(path), [range(len(rows) + BLOCK)])
    first = [*(0, 1, 4), *range(len(rows), BLOCK)]
    assert groups == [first, [2, 7], [5], [6], [3], [*range(BLOCK, BLOCK + len(rows))]]


def test_a_batch_is_left_out_only_when_all_of_it_is_done(candidates: Dataset) -> None:
    assert numbers_of(candidates, [range(2, 3), range(8, 12), range(19, 20)]) == [
        [0, 1, 2, 3, 8, 9],
        [10, 11, 12, 13, 18, 19],
    ]


def test_scores_do_not_depend_on_where_a_run_was_cut_off(tmp_path: Path) -> None:
    """Not in their last digits either; those of photographs depend on what is beside them in a batch."""
    example, worker = load_demo()[0], Worker(Setup(device="cpu", threads=1))
    files = [example.candidates[place % len(example.candidates)].file for place in range(9)]
    table = tmp_path / "edits.csv"
    with table.open("w", newline="") as file:
        rows = ((example.original, candidate, example.instruction) for candidate in files)
        csv.writer(file).writerows([("original", "edited", "instruction"), *rows])
    dataset = open_dataset(table)
    whole = scored(worker, dataset, range(9))
    for missing in ({1, 2}, {3, 4, 6}, {8}):
        again = scored(worker, dataset, missing)
        assert missing <= again.keys()
        assert again == {number: whole[number] for number in again}


def test_scores_are_those_of_a_ranking(worker: Worker, candidates: Dataset) -> None:
    rows = list(candidates.rows(0, 10))
    prepared = Scorer.load("studio", "cpu", 1, compat="released").prepare(rows[0].original, WORDLESS)
    ranked = [score_values(one.score) for one in prepared.scores([row.edited for row in rows])]
    assert list(scored(worker, candidates, range(10)).values()) == ranked


def test_a_bad_candidate_fails_alone(worker: Worker, candidates: Dataset, tmp_path: Path) -> None:
    ((group, *_),) = read_groups(candidates, [range(10)])
    broken, missing = tmp_path / "broken.png", tmp_path / "missing.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n no picture")
    number, row = group[1]
    group[1] = number, replace(row, edited=broken)
    number, row = group[6]
    group[6] = number, replace(row, edited=missing)
    errors = {one.number: one.values["error"] for one in worker.score(group) if "error" in one.values}
    assert errors.keys() == {1, 6}
    assert "missing.png does not exist" in errors[6]


def test_a_bad_original_fails_each_of_its_rows(worker: Worker, candidates: Dataset, tmp_path: Path) -> None:
    ((group, *_),) = read_groups(candidates, [range(10)])
    group = [(number, replace(row, original=tmp_path / "missing.png")) for number, row in group]
    values = [one.values for one in worker.score(group)]
    assert len(values) == 10
    assert all("missing.png does not exist; check the path" in one["error"] for one in values)


def test_what_has_no_room_together_is_scored_one_by_one(
    worker: Worker, candidates: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scored(worker, candidates, range(10))

    def refuse(self: Prepared, edited: Sequence[object]) -> None:
        raise OutOfMemoryError("there is not enough memory")

    monkeypatch.setattr(Prepared, "scores", refuse)
    alone = scored(worker, candidates, range(10))
    assert [one["bpm"] for one in alone.values()] == pytest.approx([one["bpm"] for one in whole.values()], abs=1e-4)


class Exhausted:
    """A picture whose reading meets the end of memory; what reads it tells that as a picture that cannot be read."""

    def read(self, size: int = -1) -> bytes:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


@pytest.mark.parametrize("rows", [1, 10])
def test_a_row_without_memory_ends_the_run_and_is_no_row_with_an_error(
    worker: Worker, candidates: Dataset, rows: int
) -> None:
    ((group, *_),) = read_groups(candidates, [range(rows)])
    assert len(group) >= rows
    number, row = group[0]
    with pytest.raises(OutOfMemoryError, match="not enough memory to score this"):
        list(worker.score([(number, replace(row, edited=Exhausted())), *group[1:rows]]))


def test_a_ranking_without_memory_says_nothing_of_the_candidate(worker: Worker, candidates: Dataset) -> None:
    rows = list(candidates.rows(0, 2))
    prepared = Scorer.load("studio", "cpu", 1).prepare(rows[0].original, WORDLESS)
    with pytest.raises(OutOfMemoryError, match="not enough memory to score this"):
        prepared.rank([rows[0].edited, Exhausted()])
