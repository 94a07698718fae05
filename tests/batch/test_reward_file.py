"""`score-dataset --form rewardedit`: rewards written as RewardEdit-20K has them, of the local reward and of a judge."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from editjudge.backends import openai_api
from editjudge.batch import score_dataset
from editjudge.cli.main import run
from editjudge.datasets import open_dataset
from editjudge.datasets.demo import load_demo
from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, read_scores
from editjudge.metrics.rewards.reward_score import REWARD_SIDES
from support.batch_runs import assert_run_fails, read_rows, write_edits
from support.judge_server import JudgeServer, serve_judge

Capture = pytest.CaptureFixture[str]
JUDGE = "vlm:three_sides@openai:m"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(openai_api.Patience.__init__, "__defaults__", (2, 20.0, 0.01))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serve_judge() as judge:
        monkeypatch.setenv("OPENAI_BASE_URL", judge.url)
        yield judge


def demo_table(path: Path) -> Path:
    """The candidates of one demo picture, and one that is missing."""
    sample = load_demo()[0]
    pictures = [*(candidate.file for candidate in sample.candidates), path.parent / "missing.png"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "original", "edited", "instruction", "type"))
        for number, picture in enumerate(pictures):
            writer.writerow(
                (f"0{number}", sample.original, picture, sample.instruction, "Local" if number % 2 else "Add")
            )
    return path


def test_the_local_reward_goes_into_the_file_and_the_table_alike(tmp_path: Path, capfd: Capture) -> None:
    data = demo_table(tmp_path / "edits.csv")
    table, file = tmp_path / "scores.csv", tmp_path / "rewards.json"
    common = ["score-dataset", str(data), "--metrics", "reward", "--workers", "1", "-o"]
    assert run([*common, str(table)]) == 0
    assert run([*common, str(file), "--form", "rewardedit"]) == 0
    printed = capfd.readouterr().out.replace("\n", " ").split("rewards.json: ")[-1]
    assert "1 without a reward from every side left out; a table says why" in printed
    assert "column" not in printed  # the file has none
    written = json.loads(file.read_text(encoding="utf-8"))
    rows = {row["id"]: row for row in read_rows(table)}
    assert list(written) == ["00", "01", "02", "03", "04"]
    for name, said in written.items():
        for side, one in zip(REWARD_SIDES, said, strict=True):
            assert 0 <= one["Score"] <= 5
            assert one["Score"] == pytest.approx(float(rows[name][f"judges.reward.{side}"]))
            assert one["Negative Prompt"] == rows[name][f"judges.reward.{side}.feedback"] != ""
            assert rows[name][f"judges.reward.{side}.pass"] in ("true", "false")
    assert rows["05"]["error"] != ""
    assert {rows["05"][f"judges.reward.{side}{more}"] for side in REWARD_SIDES for more in ("", ".pass")} == {""}
    result = EXPERIMENTS["rewards"](read_scores(table), (), EvaluationOptions(resamples=0))
    assert result.left_out["rows with an error"] == 1
    cell = result.grids["reward"].row("Local")["following"]
    assert cell.count == 2
    assert cell.value == pytest.approx(sum(float(rows[name]["judges.reward.following"]) for name in ("01", "03")) / 2)
    # what was written is read as the set it is, once the pictures lie where the set has them
    folder = tmp_path / "02"
    folder.mkdir()
    for number, picture in enumerate((load_demo()[0].original, load_demo()[0].candidates[2].file)):
        (folder / f"1_{number}.webp").write_bytes(picture.read_bytes())
    (folder / "prompt.json").write_text(json.dumps({"edit": "Make the car blue."}), encoding="utf-8")
    row = next(row for row in open_dataset(file) if row.id == "02")
    assert row.columns["human.quality"] == written["02"][2]["Score"]
    assert row.columns["feedback.following"] == written["02"][0]["Negative Prompt"]


def test_a_judge_goes_into_the_file(server: JudgeServer, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "rewards.json"
    done = score_dataset(open_dataset(data), file, metrics=(JUDGE,), form="rewardedit", workers=1)
    assert (done.rows, done.left_out) == (24, 0)
    written = json.loads(file.read_text(encoding="utf-8"))
    assert list(written) == [f"r{number}" for number in range(24)]
    assert written["r0"] == [{"Score": 4.0, "Negative Prompt": "The feedback of it"}] * 3
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-o", "{}.json"], "its name must end in .parquet, .csv or .jsonl"),
        (["-o", "{}.csv", "--form", "rewardedit", "--metrics", "reward"], "--output {}.csv must end in .json"),
        (["-o", "{}.json", "--form", "rewardedit"], "no metric gives any; add --metrics reward"),
        (["-o", "{}.json", "--form", "rewardedit", "--metrics", "l2,reward_quality"], "add --metrics reward"),
        (["-o", "{}.json", "--form", "realedit", "--metrics", "reward"], "there is no form 'realedit' to write"),
    ],
)
def test_what_cannot_be_written(capfd: Capture, data: Path, options: list[str], words: str) -> None:
    name = str(data.with_name("out"))
    options = [option.replace("{}", name) for option in options]
    assert_run_fails(capfd, [str(data), *options], 2, words.replace("{}", name))
    assert {path.name for path in data.parent.iterdir() if path.suffix != ".png"} == {"edits.csv"}


def test_two_rows_of_one_id_are_refused_before_they_are_scored(tmp_path: Path, capfd: Capture) -> None:
    path = write_edits(tmp_path / "edits.csv", 3)
    path.write_text(path.read_text().replace("r2,", "r1,"))
    options = [str(path), "-o", str(tmp_path / "r.json"), "--form", "rewardedit", "--metrics", "reward"]
    assert_run_fails(capfd, options, 2, "two rows have the id r1")


def test_nothing_that_could_be_written(tmp_path: Path, capfd: Capture) -> None:
    path = write_edits(tmp_path / "edits.csv", 2)  # its instructions have no words
    options = [str(path), "-o", str(tmp_path / "r.json"), "--form", "rewardedit", "--metrics", "reward"]
    assert_run_fails(capfd, [*options, "--workers", "1"], 2, "no row has a reward from every side")
    assert json.loads((tmp_path / "r.json").read_text()) == {}
