"""What `editjudge study` says of itself, and of what is typed wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from editjudge.cli.main import run
from support.command_line import assert_fails

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("group", ["study", "bundle", "evaluate"])
def test_the_help_of_a_group_is_whole(capfd: Capture, group: str) -> None:
    assert run([group, "--help"]) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    assert printed.startswith(f"Usage: editjudge {group} ")
    assert "..." not in printed.replace("[ARGS]...", "")


def test_the_usage_shows_both_ways(capfd: Capture) -> None:
    assert run(["study", "--help"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "Usage: editjudge study DATA --db FILE [OPTIONS]"
    assert lines[1].strip() == "editjudge study COMMAND [ARGS]..."


@pytest.mark.parametrize("group", ["study", "bundle", "evaluate"])
def test_a_group_alone_says_where_its_help_is(capfd: Capture, group: str) -> None:
    assert_fails(capfd, [group], 2, f"see editjudge {group} --help")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("exprt", "there is no command or data set 'exprt'; did you mean editjudge study export?"),
        ("mask.jsonl", "there is no data set mask.jsonl; check the path, or see editjudge study --help"),
        ("away/show", "there is no data set away/show; check the path"),
        ("x\0y", "there is no data set"),
    ],
)
def test_a_word_that_is_neither_a_command_nor_there(capfd: Capture, word: str, message: str) -> None:
    assert_fails(capfd, ["study", word, "x"], 2, message)


def test_a_file_that_is_called_nearly_as_a_command_is_a_data_set(
    capfd: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("exports").mkdir()
    assert_fails(capfd, ["study", "exports"], 2, "--db")
