"""What was answered is on the disk, is asked once, and belongs to one study over one data set."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from editjudge.errors import InputError
from editjudge.study.database import AnsweredError, StudyDatabase
from support.studies import RatedSet, answer_all, begin, write_set

FULL = {"overall": 4.0, "modify": 5.0, "preserve": 3.0, "size": 2.0, "position": 1.0}


@pytest.fixture
def rated(tmp_path: Path) -> RatedSet:
    return write_set(tmp_path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ratings.sqlite"


def test_a_rater_goes_on_where_he_stopped(rated: RatedSet, path: Path) -> None:
    with begin(rated, path) as study:
        anna = study.join("anna")
        assert (study.next_page(anna), study.progress(anna), study.answered(anna, 1)) == (1, (0, 4), None)
        study.answer(anna, 1, {1: FULL, 2: FULL, 3: {**FULL, "size": 5.0}}, 2.5)
        study.answer(anna, 3, dict.fromkeys((1, 2, 3), FULL))
    with begin(rated, path) as study:
        assert study.join("ben") == 2
        assert study.join("anna") == anna
        assert (study.next_page(anna), study.progress(anna)) == (2, (2, 4))
        assert study.answered(anna, 1) == {1: FULL, 2: FULL, 3: {**FULL, "size": 5.0}}
        assert study.answered(2, 1) is None


def test_a_page_is_answered_once_unless_it_is_said_to_be_changed(rated: RatedSet, path: Path) -> None:
    with begin(rated, path) as study:
        anna = study.join("anna")
        first = dict.fromkeys((1, 2, 3), FULL)
        study.answer(anna, 1, first)
        with pytest.raises(AnsweredError, match="has been answered before"):
            study.answer(anna, 1, {place: {**FULL, "overall": 1.0} for place in (1, 2, 3)})
        assert study.answered(anna, 1) == first
        changed = {place: {**FULL, "overall": 2.0} for place in (1, 2, 3)}
        study.answer(anna, 1, changed, revise=True)
        assert study.answered(anna, 1) == changed
        assert study.select("SELECT count(*) FROM answers")[0][0] == 2  # what was said first is history


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({1: FULL, 2: FULL}, "Overall has no answer yet"),
        ({1: FULL, 2: FULL, 3: {**FULL, "size": 6.0}}, "Size is 6; it must be one of 1, 2, 3, 4, 5"),
        ({1: FULL, 2: FULL, 3: {**FULL, "size": 2.5}}, "Size is 2.5"),
        ({1: FULL, 2: FULL, 3: {**FULL, "size": float("nan")}}, "Size is nan"),
        ({1: FULL, 2: FULL, 3: {**FULL, "taste": 2.0}}, "there is no side 'taste'"),
        ({1: FULL, 2: FULL, 3: FULL, 4: FULL}, "there is no candidate 4; there are 3"),
    ],
)
def test_what_is_no_whole_answer_is_not_kept(
    rated: RatedSet, path: Path, values: dict[int, dict[str, float]], message: str
) -> None:
    with begin(rated, path) as study:
        anna = study.join("anna")
        with pytest.raises(InputError, match=message):
            study.answer(anna, 1, values)
        assert study.progress(anna) == (0, 4)


def test_orders_are_each_raters_own_and_the_same_again(tmp_path: Path) -> None:
    rated = write_set(tmp_path, inputs=30)
    with begin(rated, tmp_path / "one.sqlite") as one, begin(rated, tmp_path / "other.sqlite", seed=4) as other:

        def shown(study: StudyDatabase, rater: int) -> list[list[int]]:
            pages = [study.page(rater, number) for number in range(1, study.page_count + 1)]
            return [[study.picture(candidate.picture).row for candidate in page.candidates] for page in pages]

        anna, ben, else_ = shown(one, one.join("anna")), shown(one, one.join("ben")), shown(other, other.join("anna"))
        assert sorted(map(sorted, anna)) == [[3 * number, 3 * number + 1, 3 * number + 2] for number in range(30)]
        assert sorted(map(sorted, ben)) == sorted(map(sorted, anna))
        assert anna not in (ben, else_)
        assert len({tuple(row % 3 for row in rows) for rows in anna}) == 6  # every order of three
        assert shown(one, 1) == anna


def test_pages_tell_nothing_of_editors(rated: RatedSet, path: Path) -> None:
    with begin(rated, path, checks=1) as study:
        anna = study.join("anna")
        said = " ".join(str(study.page(anna, number)) for number in range(1, study.page_count + 1))
    assert not [word for word in ("painter", "smearer", "guesser", "original-", ".png", "input-") if word in said]


def test_a_study_belongs_to_its_data_set_and_design(rated: RatedSet, path: Path, tmp_path: Path) -> None:
    begin(rated, path).close()
    with pytest.raises(InputError, match="belongs to another study, whose seed was 3 and not 9; give what"):
        begin(rated, path, seed=9)
    with pytest.raises(InputError, match="belongs to another study, whose kind was rate and not prefer;"):
        begin(rated, path, "prefer")
    os.utime(tmp_path / "painter-0.png", (1, 1))
    with pytest.raises(InputError, match="the data set or one of its pictures has changed since"):
        begin(rated, path)
    (tmp_path / "painter-0.png").unlink()
    with pytest.raises(InputError, match=r"row 1: the edited picture .* does not exist"):
        begin(rated, path)


def test_other_files_are_told_from_studies(rated: RatedSet, path: Path) -> None:
    with pytest.raises(InputError, match="there is no study"):
        StudyDatabase.open(path)
    path.write_bytes(b"no database, but long enough for a header of one " * 30)
    with pytest.raises(InputError, match=r"ratings\.sqlite"):
        begin(rated, path)
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()
    with pytest.raises(InputError, match=r"ratings\.sqlite"):
        begin(rated, path)
    with pytest.raises(InputError, match=r"ratings\.sqlite"):
        StudyDatabase.open(path)


def test_codes(rated: RatedSet, path: Path) -> None:
    with begin(rated, path) as study:
        for code in ("", "a b", "x" * 41, "ä", "a;b"):
            with pytest.raises(InputError, match="the code is"):
                study.join(code)
        study.allow(["anna", "ben"])
        study.join("anna")
        with pytest.raises(InputError, match="the code cleo is not among those of this study"):
            study.join("cleo")


def test_whose_code_was_taken_off_the_list_rates_no_more(rated: RatedSet, path: Path) -> None:
    with begin(rated, path) as study:
        study.allow(["anna", "ben"])
        study.keep_session("of-anna", study.join("anna"))
        study.keep_session("of-ben", study.join("ben"))
    with begin(rated, path) as study:
        study.allow(["ben"])
        assert (study.session_rater("of-anna"), study.session_rater("of-ben")) == (None, 2)


def test_two_that_have_one_study_open_ask_nothing_twice(rated: RatedSet, path: Path) -> None:
    with begin(rated, path) as one, begin(rated, path) as other:
        anna = one.join("anna")
        for number, study in ((1, one), (3, other), (2, other)):
            assert (one.next_page(anna), other.next_page(anna)) == ((1, 1) if number == 1 else (2, 2))
            study.answer(anna, number, dict.fromkeys((1, 2, 3), FULL))
        other.answer(anna, 2, dict.fromkeys((1, 2, 3), FULL), revise=True)
        assert (one.next_page(anna), other.next_page(anna)) == (4, 4)
        assert one.progress(anna) == other.progress(anna) == (3, 4)


def test_who_reads_does_not_wait_for_who_writes(rated: RatedSet, path: Path) -> None:
    with begin(rated, path) as study, ThreadPoolExecutor(1) as pool:
        anna = study.join("anna")
        with study.write() as connection:
            connection.execute("INSERT INTO raters (code) VALUES ('ben')")
            assert pool.submit(study.progress, anna).result(timeout=20) == (0, 4)
            assert pool.submit(study.select, "SELECT count(*) FROM raters").result(timeout=20) == [(1,)]
        assert study.select("SELECT count(*) FROM raters") == [(2,)]


def test_several_raters_at_once(rated: RatedSet, path: Path) -> None:
    with begin(rated, path) as study, ThreadPoolExecutor(8) as pool:
        raters = list(pool.map(lambda n: answer_all(study, rated, f"rater{n}", 0.5, n), range(8)))
        assert sorted(raters) == list(range(1, 9))
        assert [study.progress(rater) for rater in raters] == [(4, 4)] * 8
        assert study.select("SELECT count(*) FROM ratings")[0][0] == 8 * 4 * 3 * 5


RATER = """
import sys
from pathlib import Path
from support.studies import begin, write_set
from editjudge.datasets import open_dataset
from editjudge.study.database import StudyDatabase

study = StudyDatabase.open(sys.argv[1])
rater = study.join("anna")
while (number := study.next_page(rater)) is not None:
    places = range(1, len(study.page(rater, number).candidates) + 1)
    study.answer(rater, number, {place: {side: 3.0 for side in study.design.side_names} for place in places})
    print(number, flush=True)
"""


def test_a_killed_study_has_all_that_it_said_it_kept(tmp_path: Path) -> None:
    rated = write_set(tmp_path, inputs=300, size=2)
    path = tmp_path / "ratings.sqlite"
    begin(rated, path).close()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    told: list[int] = []
    for pages in (1, 7, 23, 40):
        command = [sys.executable, "-c", RATER, str(path)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told += [int(process.stdout.readline()) for _ in range(pages)]
            process.send_signal(signal.SIGKILL)
            told += [int(line) for line in process.stdout if line.endswith("\n")]
        with StudyDatabase.open(path) as study:
            assert all(study.answered(1, number) for number in told)
    assert len(told) == len(set(told))  # nothing was asked twice
    assert len(told) >= 71
