"""`editjudge calibrate` on real edits that raters who know their quality rate, by a bundle whose verdict is off."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.calibration.bundle_copy import copy_bundle
from editjudge.cli.main import run
from editjudge.datasets import open_dataset
from editjudge.datasets.demo import load_demo
from editjudge.study.exporting import export_study
from support.command_line import assert_fails
from support.rated_demo import write_ratings
from support.studies import RatedSet, answer_all, begin

Capture = pytest.CaptureFixture[str]
SHIFT = 6.0
"""By how much the offset of the verdict is made wrong."""


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ratings(tmp_path_factory.mktemp("rated"))


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The studio bundle, whose verdict now accepts nearly all."""
    studio = Bundle.load("studio")
    verdict = studio.manifest.verdict
    assert verdict is not None
    shifted = replace(verdict, bias=verdict.bias + SHIFT)
    return copy_bundle(studio, tmp_path_factory.mktemp("bundles") / "wrong", {"verdict": shifted}).folder


def test_a_bundle_with_other_numbers_is_written_and_scores(
    ratings: Path, wrong: Path, tmp_path: Path, capfd: Capture
) -> None:
    made = tmp_path / "ours"
    command = ["calibrate", str(ratings), "--bundle", str(wrong), "-o", str(made), "--resamples", "200", "--json"]
    assert run(command) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["refusal"] is None
    rows = found["tables"]["errors"]["rows"]
    assert rows["after"]["Brier"]["value"] < rows["before"]["Brier"]["value"] - 0.02
    assert found["used"]["rated edits"] >= 50
    assert found["left_out"]["not edited, or another picture, as their pixels show"] > 0  # what nobody edited
    assert run(["bundle", "verify", str(made)]) == 0
    assert "all as the manifest says" in capfd.readouterr().out
    demo = load_demo()[0]
    told = {}
    for candidate in demo.candidates:
        told[candidate.label] = {}
        for bundle in (wrong, made):
            command = ["score", str(demo.original), str(candidate.file), demo.instruction, "--bundle", str(bundle)]
            assert run([*command, "--json"]) == 0
            told[candidate.label][bundle.name] = json.loads(capfd.readouterr().out)
    well, bad = told["well done"], told["wrong object or colour"]
    assert (well["wrong"]["expected_rating"], bad["wrong"]["expected_rating"]) == (None, None)
    assert 3.5 < well["ours"]["expected_rating"] <= 5
    assert 1 <= bad["ours"]["expected_rating"] < 2.5
    assert well["ours"]["verdict"]["decision"] == "accept"
    damaged = told["well done, with damage elsewhere"]
    assert damaged["wrong"]["verdict"]["decision"] == "accept"
    assert damaged["ours"]["verdict"]["decision"] != "accept"
    assert told["nothing changed"]["ours"]["expected_rating"] is None


def test_the_tables_and_where_it_is_written_by_default(
    ratings: Path, wrong: Path, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path))
    assert run(["calibrate", str(ratings), "--bundle", str(wrong), "--resamples", "200"]) == 0
    printed = capfd.readouterr().out
    for words in (
        "calibration error",
        "Brier",
        "accepted rightly",
        "before",
        "after",
        "Norm() stays",
        "wrong-calibrated",
    ):
        assert words in printed
    assert Bundle.load("wrong-calibrated").manifest.calibrated_on is not None
    assert_fails(
        capfd, ["calibrate", str(ratings), "--bundle", str(wrong)], 2, "wrong-calibrated exists already", "--output"
    )


def test_what_does_not_help_is_refused_with_its_tables_and_nothing_is_written(
    ratings: Path, wrong: Path, tmp_path: Path, capfd: Capture
) -> None:
    rows = [json.loads(line) for line in ratings.read_text("utf-8").splitlines()]
    said = [{name: row[name] for name in row if name.startswith(("human", "rater"))} for row in rows]
    order = np.random.default_rng(1).permutation(len(rows))
    table = ratings.with_name("random.jsonl")
    mixed = [{**row, **said[other]} for row, other in zip(rows, order, strict=True)]
    table.write_text("\n".join(map(json.dumps, mixed)), "utf-8")
    made = tmp_path / "ours"
    assert run(["calibrate", str(table), "--bundle", str(wrong), "-o", str(made), "--resamples", "200"]) == 2
    printed, error = capfd.readouterr()
    assert "held out" in printed
    assert error.splitlines()[-1].startswith("editjudge: the calibration does not help on edits held out")
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_are_gone_are_told(ratings: Path, tmp_path: Path, capfd: Capture) -> None:
    table = tmp_path / "human.jsonl"
    table.write_bytes(ratings.read_bytes())  # in another folder than the pictures
    words = ("no rated edit can be read: ", "0-color-original.png does not exist; check the path")
    assert_fails(capfd, ["calibrate", str(table), "-o", str(tmp_path / "ours")], 2, *words)


def test_what_a_study_exports_is_read(ratings: Path, tmp_path: Path, capfd: Capture) -> None:
    rows = [json.loads(line) for line in ratings.read_text("utf-8").splitlines()]
    edits = ratings.with_name("edits.jsonl")
    kept = ("id", "group", "original", "edited", "instruction")
    edits.write_text("\n".join(json.dumps({name: row[name] for name in kept}) for row in rows), "utf-8")
    rated = RatedSet(open_dataset(edits), {number: row["human"] for number, row in enumerate(rows)})
    human = ratings.with_name("human.csv")
    with begin(rated, tmp_path / "r.sqlite") as study:
        for seed, code in enumerate(("anna", "ben")):
            answer_all(study, rated, code, noise=0.3, seed=seed)
        export_study(study, human)
    command = ["calibrate", str(human), "-o", str(tmp_path / "ours"), "--resamples", "100", "--json"]
    run(command)
    found = json.loads(capfd.readouterr().out)
    assert found["used"] == {"rated edits": 84, "inputs": 24}
    assert found["left_out"] == {"not edited, or another picture, as their pixels show": 32}


def write_rows(folder: Path, human: list[float | None]) -> Path:
    picture = {"original": "a.png", "edited": "a.png", "instruction": "make the car blue"}
    cv2.imwrite(str(folder / "a.png"), np.full((64, 64, 3), 90, np.uint8))
    path = folder / "few.jsonl"
    path.write_text("\n".join(json.dumps({**picture, "human": value}) for value in human), "utf-8")
    return path


@pytest.mark.parametrize(
    ("human", "words"),
    [
        ([None, None], ("there are no ratings", "a column named human")),
        ([0.5, 3.0], ("row '0' has the rating 0.5", "from 1 to 5")),
        ([3.0] * 60, ("0 rated edits have a number", "needs 50")),
    ],
)
def test_ratings_that_cannot_be_used(
    human: list[float | None], words: tuple[str, ...], tmp_path: Path, capfd: Capture
) -> None:
    table = write_rows(tmp_path, human)
    assert_fails(capfd, ["calibrate", str(table), "-o", str(tmp_path / "ours")], 2, *words)
    assert not (tmp_path / "ours").exists()
