"""The table of a study, by hand and through the experiments; and the ratings of others, there and back."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editjudge.cli.main import run
from editjudge.errors import InputError
from editjudge.evaluation import EvaluationOptions, read_scores
from editjudge.study.database import StudyDatabase
from editjudge.study.exporting import export_study, list_rows
from editjudge.study.importing import import_ratings
from editjudge.study.summary import compare_raters, count_preferences, list_raters
from support.studies import RatedSet, answer_all, begin, write_set

SIDES = ("overall", "modify", "preserve", "size", "position")


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rate(study: StudyDatabase, code: str, values: dict[int, float]) -> None:
    """Rates candidates by their row; all sides alike."""
    rater = study.join(code)
    while (number := study.next_page(rater)) is not None:
        rows = [study.picture(one.picture).row for one in study.page(rater, number).candidates]
        if not set(rows) <= set(values):
            return
        study.answer(rater, number, {place: dict.fromkeys(SIDES, values[row]) for place, row in enumerate(rows, 1)})


def test_a_row_for_each_candidate(tmp_path: Path) -> None:
    rated = write_set(tmp_path, inputs=2)
    with begin(rated, tmp_path / "r.sqlite") as study:
        rate(study, "zoe", {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0, 4: 5.0, 5: 1.0})
        rate(study, "anna", {0: 2.0, 1: 2.0, 2: 5.0, 3: 4.0, 4: 4.0, 5: 2.0})
        assert export_study(study, tmp_path / "human.csv") == 6
        assert [one.code for one in list_raters(study)] == ["zoe", "anna"]
    rows = read_csv(tmp_path / "human.csv")
    assert [row["id"] for row in rows][:3] == ["0-painter", "0-smearer", "0-guesser"]
    assert {row["model"] for row in rows} == {"painter", "smearer", "guesser"}
    assert [float(row["human"]) for row in rows] == [1.5, 2.0, 4.0, 4.0, 4.5, 1.5]
    assert [float(row["rater1_size"]) for row in rows] == [1, 2, 3, 4, 5, 1]  # in the order in which they joined
    assert [float(row["rater2_size"]) for row in rows] == [2, 2, 5, 4, 4, 2]
    assert [row["human.modify"] for row in rows] == [row["human"] for row in rows]
    assert not any("zoe" in cell or "anna" in cell for row in rows for cell in (*row, *row.values()))


def test_a_rater_who_stopped_counts_as_far_as_he_came(tmp_path: Path) -> None:
    rated = write_set(tmp_path, inputs=3)
    with begin(rated, tmp_path / "r.sqlite") as study:
        rate(study, "anna", dict.fromkeys(range(9), 4.0))
        ben = study.join("ben")
        study.answer(ben, 1, {place: dict.fromkeys(SIDES, 2.0) for place in (1, 2, 3)})
        rows = list_rows(study)
        assert sorted(row["human"] for row in rows) == [3.0] * 3 + [4.0] * 6
        assert sum(row["rater2_overall"] is None for row in rows) == 6


def test_preferences_are_turned_back(tmp_path: Path) -> None:
    """Who always prefers the earlier row says so whichever side it is shown on."""
    rated = write_set(tmp_path, inputs=6)
    with begin(rated, tmp_path / "r.sqlite", "prefer") as study:
        for code in ("anna", "ben", "cleo"):
            rater, shown_left = study.join(code), set()
            while (number := study.next_page(rater)) is not None:
                left, right = (study.picture(one.picture).row for one in study.page(rater, number).candidates)
                shown_left.add(left < right)
                study.answer(rater, number, {1: dict.fromkeys(SIDES, 1.0 if left < right else -1.0)})
            assert shown_left == {True, False}
        rows = list_rows(study)
        assert [row["human"] for row in rows] == [1.0, 0.0, -1.0] * 6
        shares = {(one.first, one.second, one.side): one for one in count_preferences(study)}
        found = shares["guesser", "painter", "overall"]
        assert (found.better, found.equal, found.worse, found.split) == (0, 0, 6, 0)


def test_checks_are_told_and_are_no_ratings(tmp_path: Path) -> None:
    rated = write_set(tmp_path, inputs=5)
    with begin(rated, tmp_path / "r.sqlite", checks=2) as study:
        assert study.page_count == 7
        for code, looks in (("anna", True), ("ben", False)):
            rater = study.join(code)
            while (number := study.next_page(rater)) is not None:
                page = study.page(rater, number)
                columns = [study.picture(one.picture).column for one in page.candidates]
                values = {
                    place: {**dict.fromkeys(SIDES, 5.0), "modify": 1.0 if looks and column == "original" else 5.0}
                    for place, column in enumerate(columns, 1)
                }
                study.answer(rater, number, values)
        anna, ben = list_raters(study)
        assert (anna.checks.answered, anna.checks.passed) == (2, 2)
        assert (ben.checks.answered, ben.checks.passed) == (2, 0)
        assert len(list_rows(study)) == 15
        assert "rater2_overall" in list_rows(study)[0]
        assert "rater2_overall" not in list_rows(study, passed_checks=True)[0]


def test_scores_are_joined_by_id(tmp_path: Path) -> None:
    rated = write_set(tmp_path, inputs=2)
    ids = [sample.id for sample in rated.dataset]
    (tmp_path / "scores.csv").write_text(
        "id,bpm\n" + "".join(f"{name},{n}\n" for n, name in reversed([*enumerate(ids)]))
    )
    (tmp_path / "few.csv").write_text(f"id,bpm\n{ids[0]},1\n")
    with begin(rated, tmp_path / "r.sqlite") as study:
        with pytest.raises(InputError, match="has no ratings to export"):
            export_study(study, tmp_path / "none.csv")
        rate(study, "anna", dict.fromkeys(range(6), 4.0))
        export_study(study, tmp_path / "human.csv", tmp_path / "scores.csv")
        with pytest.raises(InputError, match="has no row of the id"):
            export_study(study, tmp_path / "none.csv", tmp_path / "few.csv")
        with pytest.raises(InputError, match="has one rater, and agreement is between two"):
            compare_raters(study)
    assert [float(row["bpm"]) for row in read_csv(tmp_path / "human.csv")] == [0, 1, 2, 3, 4, 5]
    assert not (tmp_path / "none.csv").exists()


def evaluate(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["evaluate", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_raters_of_known_noise_are_found_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How a metric that is the truth agrees with raters, and they with each other: simulated apart from the study, and
    inside the intervals that the experiments give."""
    rated, noise, count = write_set(tmp_path, inputs=120, size=2), 0.8, 3
    with begin(rated, tmp_path / "r.sqlite") as study:
        for number in range(count):
            answer_all(study, rated, f"rater{number}", noise, number)
        export_study(study, tmp_path / "plain.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "plain.jsonl").read_text().splitlines()]
    path = tmp_path / "human.jsonl"
    path.write_text("\n".join(json.dumps({**row, "truth": rated.quality[place]}) for place, row in enumerate(rows)))

    random = np.random.default_rng(99)
    truth = random.uniform(1, 5, (20_000, 2))
    said = np.clip(np.round(truth[..., None] + random.normal(0, noise, (*truth.shape, count))), 1, 5)
    mean = said.mean(axis=2)
    decided = mean[:, 0] != mean[:, 1]
    order = ((truth[:, 0] > truth[:, 1]) == (mean[:, 0] > mean[:, 1]))[decided].mean()
    found = evaluate(capsys, "human-alignment", str(path), "--metrics", "truth:higher")
    cell = found["tables"]["mean"]["rows"]["truth"]["mean over models"]
    assert cell["low"] <= order <= cell["high"]

    found = evaluate(capsys, "agreement", str(path), "--raters", "rater{n}_{side}", "--sides", ",".join(SIDES))
    flat = said.reshape(-1, count)
    total, within = flat.var(ddof=1), flat.var(axis=1, ddof=1).mean()
    cell = found["tables"]["reliability"]["rows"]["ICC(2,1)"]["overall"]
    assert cell["low"] <= 1 - within / total <= cell["high"]


def test_ratings_of_others_come_out_as_they_went_in(tmp_path: Path) -> None:
    """In the form of ImagenHub's: several raters, two sides, halves, a missing number, further columns."""
    source = tmp_path / "theirs.csv"
    source.write_text(
        "uid,editor,rater1_sc,rater1_pq,rater2_sc,rater2_pq,judge\n"
        "a.jpg,Dif,0.5,1,0,0.5,3\na.jpg,Pix,1,1,0.5,,7\nb.jpg,Dif,0,0.5,0,1,2\nb.jpg,Pix,1,0,1,0.5,9\n"
    )
    options = EvaluationOptions(raters=("rater{n}_{side}",), sides=("sc", "pq"), group="uid", model="editor")
    assert import_ratings(tmp_path / "r.sqlite", read_scores(source), options) == (4, 2)
    with pytest.raises(InputError, match="holds a study already"):
        import_ratings(tmp_path / "r.sqlite", read_scores(source), options)
    with StudyDatabase.open(tmp_path / "r.sqlite") as study:
        export_study(study, tmp_path / "back.csv")
        assert [one.answered for one in list_raters(study)] == [4, 4]
    for before, after in zip(read_csv(source), read_csv(tmp_path / "back.csv"), strict=True):
        assert (after["group"], after["model"]) == (before["uid"], before["editor"])
        for name in ("rater1_sc", "rater1_pq", "rater2_sc", "rater2_pq", "judge"):
            assert (after[name] and float(after[name])) == (before[name] and float(before[name]))


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rated: RatedSet = write_set(tmp_path)
    path = tmp_path / "r.sqlite"
    with begin(rated, path) as study:
        answer_all(study, rated, "anna", 0.3, 1)
        answer_all(study, rated, "ben", 0.3, 2)
    assert run(["study", "show", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "anna: 4 of 4 pages" in shown
    assert "ICC(2,1)" in shown
    assert run(["study", "export", str(path), "-o", str(tmp_path / "human.csv")]) == 0
    assert "12 candidates" in capsys.readouterr().out
    assert run(["study", "show", str(tmp_path / "none.sqlite")]) == 2
    assert "there is no study" in capsys.readouterr().err
    data = str(tmp_path / "edits.jsonl")
    assert run(["study", data, "--db", str(tmp_path / "new.sqlite"), "--host", "0.0.0.0", "--port", "0"]) == 2
    assert "say with --codes who may rate" in capsys.readouterr().err
