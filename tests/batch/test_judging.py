"""Data sets shown to a judge behind an endpoint: nothing is lost or made up, and nothing is asked twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from editjudge.backends import openai_api
from editjudge.cli.main import run
from editjudge.evaluation import read_scores, select_columns
from support.batch_runs import assert_run_fails, read_rows
from support.judge_server import JudgeServer, Reply, Request, answer_well, complete, fill_schema, free_port, serve_judge

Capture = pytest.CaptureFixture[str]
JUDGE = "vlm:three_sides@openai:m"
NUMBER, ERROR = f"metrics.{JUDGE}", "error"
SIDES = 3


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's answers are kept there yet, and a try costs no time."""
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(openai_api.Patience.__init__, "__defaults__", (2, 20.0, 0.01))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    with serve_judge() as judge:
        monkeypatch.setenv("OPENAI_BASE_URL", judge.url)
        yield judge


def run_judged(data: Path, output: Path, *options: str) -> int:
    return run(["score-dataset", str(data), "-o", str(output), "--workers", "1", "--metrics", JUDGE, *options])


def test_each_row_is_judged_once(server: JudgeServer, data: Path, tmp_path: Path, capfd: Capture) -> None:
    output = tmp_path / "scores.jsonl"
    assert run_judged(data, output) == 0
    rows = read_rows(output)
    assert [row[NUMBER] for row in rows] == [4.0] * 24
    assert rows[0][f"judges.{JUDGE}.following"] == 4.0
    assert rows[0][f"judges.{JUDGE}.quality.feedback"] == "The feedback of it"
    assert rows[0][f"judges.{JUDGE}.asked"].startswith("three_sides@")
    assert all(row[ERROR] is None and row["headline"] for row in rows)
    # 24 rows are edits of 6 pictures, some of them the same: what is asked already is not asked again, unless at once.
    assert len(server.requests) <= 24 * SIDES
    assert "tokens" in capfd.readouterr().out
    columns = [column.name for column in select_columns(read_scores(output))]
    assert JUDGE in columns

    asked, first = len(server.requests), output.read_bytes()
    output.unlink()
    assert run_judged(data, output) == 0
    assert len(server.requests) == asked
    assert output.read_bytes() == first


def test_no_more_than_asked_for_at_once(server: JudgeServer, data: Path, tmp_path: Path) -> None:
    server.behave = lambda request, number: Reply(body=answer_well(request, number).body, wait=0.02)
    assert run_judged(data, tmp_path / "scores.jsonl", "--requests", "3") == 0
    assert 1 < server.most_at_once <= 3


def test_a_row_that_the_judge_fails_at_has_its_score_and_no_number(
    server: JudgeServer, data: Path, tmp_path: Path
) -> None:
    def answer(request: Request, number: int) -> Reply:
        score = 15 if number % 11 == 0 else 4
        return Reply(body=complete(json.dumps(fill_schema(request) | {"score": score})))

    server.behave = answer
    output = tmp_path / "scores.csv"
    assert run_judged(data, output) == 0
    rows = read_rows(output)
    failed = [row for row in rows if row[ERROR]]
    assert failed
    assert len(failed) < len(rows) == 24
    for row in failed:
        assert row[ERROR].startswith(f"{JUDGE}: ")
        assert "15" in row[ERROR]
        assert row["headline"]
    assert [row[NUMBER] for row in failed] == [""] * len(failed)
    assert {float(row[NUMBER]) for row in rows if not row[ERROR]} == {4.0}
    assert len(read_scores(output).drop_errors()) == 24


def test_rows_that_a_judge_failed_at_are_asked_again(
    server: JudgeServer, data: Path, tmp_path: Path, capfd: Capture
) -> None:
    output = tmp_path / "scores.jsonl"
    server.behave = lambda request, number: (
        Reply(body=complete("no JSON")) if number < 9 else answer_well(request, number)
    )
    assert run_judged(data, output, "--requests", "1") == 0
    said = capfd.readouterr().out
    rows = read_rows(output)
    failed = sum(row[ERROR] is not None for row in rows)
    assert 0 < failed < 20
    assert "24 of 24 rows scored" in said
    assert f"judges took {120 * len(server.requests):,} tokens" in said  # what failed cost as well
    assert f"failed at {failed} rows" in said
    assert "--resume" in said
    asked = len(server.requests)
    assert run_judged(data, output, "--requests", "1", "--resume") == 0
    assert 0 < len(server.requests) - asked <= failed * SIDES
    assert all(row[NUMBER] == 4.0 and row[ERROR] is None for row in read_rows(output))
    assert run_judged(data, output, "--resume") == 0
    assert "is whole" in capfd.readouterr().out


def test_where_no_row_could_be_judged_the_scores_are_there(
    server: JudgeServer, data: Path, tmp_path: Path, capfd: Capture
) -> None:
    few = tmp_path / "few.csv"
    few.write_text("".join(data.read_text().splitlines(keepends=True)[:5]))
    server.behave = lambda request, number: Reply(body=complete("no JSON"))
    output = tmp_path / "scores.jsonl"
    arguments = [str(few), "-o", str(output), "--workers", "1", "--metrics", JUDGE]
    assert_run_fails(capfd, arguments, 3, "no row could be judged", "--resume")
    assert all(row["headline"] and row[NUMBER] is None for row in read_rows(output))


def test_equal_rows_at_once_are_asked_once(server: JudgeServer, data: Path, tmp_path: Path) -> None:
    head, row = data.read_text().splitlines(keepends=True)[:2]
    same = data.with_name("same.csv")
    same.write_text(head + 8 * row)
    server.behave = lambda request, number: Reply(body=answer_well(request, number).body, wait=0.1)
    output = tmp_path / "scores.jsonl"
    assert run_judged(same, output, "--requests", "8") == 0
    assert len(server.requests) == SIDES
    assert [row[NUMBER] for row in read_rows(output)] == [4.0] * 8


def test_a_judge_that_is_gone_stops_the_run_and_resume_asks_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    port, output = free_port(), tmp_path / "scores.jsonl"
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    arguments = [str(data), "-o", str(output), "--workers", "1", "--metrics", JUDGE]
    assert_run_fails(capfd, arguments, 3, "rows in succession could not be judged", "cannot be reached", "--resume")
    assert not output.exists()
    with serve_judge(port=port):
        assert run_judged(data, output, "--resume") == 0
    rows = read_rows(output)
    assert len(rows) == 24
    assert all(row[NUMBER] == 4.0 and row[ERROR] is None for row in rows)


def test_what_is_no_judge_is_told_before_anything_is_scored(data: Path, tmp_path: Path, capfd: Capture) -> None:
    start = [str(data), "-o", str(tmp_path / "scores.jsonl"), "--metrics"]
    assert_run_fails(capfd, [*start, "vlm:beauty@openai:m"], 2, "beauty", "three_sides")
    assert_run_fails(capfd, [*start, "vlm:three_sides@cloud:m"], 2, "back end")
    assert_run_fails(capfd, [*start, "vlm:three_sides@openai:"], 2, "model")
    assert not list(tmp_path.glob("scores*"))
