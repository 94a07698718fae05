"""Outputs that cannot be written, and streams that are closed, full or read by nobody: a sentence or silence, and the
status that says so; an output is whole or not there."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from support.command_line import assert_fails

RUN = "import sys; from editjudge.cli.main import main; sys.argv[0] = 'editjudge'; main()"
FULL = Path("/dev/full")
WITHOUT_WORDS = "+++"
needs_full = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")

Capture = pytest.CaptureFixture[str]
Run = Callable[..., subprocess.CompletedProcess[str]]


def run(
    arguments: Sequence[str],
    redirections: str = "",
    prepare: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs the program as a shell does, with the redirections that are added to it."""
    program = f'exec "$0" -c "$1" "${{@:2}}" {redirections}'
    command = ["bash", "-c", program, sys.executable, RUN, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, preexec_fn=prepare)


def assert_quiet(done: subprocess.CompletedProcess[str], status: int) -> None:
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")


def assert_sentence(done: subprocess.CompletedProcess[str], status: int, words: str) -> None:
    assert done.stderr.startswith("editjudge: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.returncode == status


@needs_full
@pytest.mark.parametrize("command", [["--help"], ["bundle", "list", "--json"], ["doctor", "--device", "cpu"]])
def test_a_full_disk_behind_stdout(command: list[str]) -> None:
    assert_sentence(run(command, "> /dev/full"), 2, "the output cannot be written: no space left on device")


def test_a_file_behind_stdout_that_must_not_grow(tmp_path: Path) -> None:
    """As on a disk with a quota: the signal of it must not end the process."""
    done = run(["bundle", "list", "--json"], f"> {tmp_path / 'out.json'}", prepare=forbid_files_to_grow)
    assert_sentence(done, 2, "the output cannot be written: file too large")


def forbid_files_to_grow() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))


@pytest.mark.parametrize("command", [["--help"], ["bundle", "list", "--json"], ["doctor", "--device", "cpu"]])
def test_a_reader_that_has_gone(command: list[str]) -> None:
    """As `| head -1` goes: silence, and the status that a shell gives other programs then."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run([sys.executable, "-c", RUN, *command], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (process.returncode, process.stderr) == (141, b"")


@pytest.mark.parametrize("redirections", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(tmp_path: Path, redirections: str) -> None:
    """The process may be started without any of them, and what it writes to files does not end up in their place."""
    found = tmp_path / "found.jsonl"
    done = run(["parse", WITHOUT_WORDS, "--output", str(found), "--no-cache"], redirections)
    assert (done.returncode, done.stderr) == (0, "")
    assert found.read_text(encoding="utf-8").startswith('{"instruction": "+++"')
    assert found.read_text(encoding="utf-8").count("\n") == 1


def test_an_error_with_nowhere_to_tell_it(tmp_path: Path) -> None:
    for redirections in ("2>&-", *(["2> /dev/full"] if FULL.exists() else [])):
        assert_quiet(run(["score", "nowhere.png", "nowhere.png", "Make it blue."], redirections), 2)


def test_instructions_from_a_closed_stdin() -> None:
    assert_sentence(run(["parse", "--file", "-"], "<&-"), 2, "there is no instruction")


def test_outputs_that_cannot_be_written(capfd: Capture, grey_edit: tuple[Path, Path], tmp_path: Path) -> None:
    """Before anything is scored: the bundle is not there either."""
    loop, fifo, link = tmp_path / "loop.html", tmp_path / "fifo", tmp_path / "dangling.html"
    loop.symlink_to(loop)
    os.mkfifo(fifo)
    link.symlink_to(tmp_path / "no" / "such.html")
    before = sorted(tmp_path.iterdir())
    score = ["score", *map(str, grey_edit), "Make it blue.", "--bundle", "nowhere"]
    commands = [[*score, "--report"], [*score, "--mask"]]
    commands += [["demo", "--bundle", "nowhere", "--report"], ["parse", "Make it blue.", "--bundle", "nowhere", "-o"]]
    for path, words in (
        (tmp_path, "it is a folder"),
        (fifo, "it is not an ordinary file"),
        (tmp_path / ("n" * 300), "file name too long"),
        (tmp_path / ("n" * 70_000), "file name too long"),
        (tmp_path / "a\0b", "null"),
        (tmp_path / "\ud800.html", "surrogates"),
        (loop, "loop"),
        (link, "there is no folder"),
        (grey_edit[0] / "report.html", "there is no folder"),
        ("", "the path to write to is empty"),
    ):
        for command in commands:
            assert_fails(capfd, [*command, str(path)], 2, words)
    assert sorted(tmp_path.iterdir()) == before


def test_an_output_that_is_named_as_another_kind_of_file(
    capfd: Capture, grey_edit: tuple[Path, Path], tmp_path: Path
) -> None:
    """It might well be one: what is there stays, and nothing is scored."""
    table, picture = tmp_path / "table.csv", tmp_path / "other.webp"
    table.write_text("a,b", encoding="utf-8")
    picture.write_bytes(b"picture")
    edit, common = [*map(str, grey_edit), "Make it blue."], ["--bundle", "nowhere"]
    html, png, lines = "must end in .html or .htm", "must end in .png", "must end in .jsonl or .ndjson"
    for command, said in (
        (["score", *edit, *common, "--report"], html),
        (["rank", edit[0], edit[2], edit[1], *common, "--report"], html),
        (["demo", *common, "--report"], html),
        (["score", *edit, *common, "--mask"], png),
        (["differences", *edit, *common, "--report"], html),
        (["differences", *edit, *common, "--mask"], png),
        (["mask", *edit, *common, "--output"], png),
        (["mask", *edit, *common, "-o", str(tmp_path / "mask.png"), "--latent"], png),
        (["parse", "Make it blue.", *common, "--output"], lines),
    ):
        for path in (table, picture, tmp_path / "new"):
            assert_fails(capfd, [*command, str(path)], 2, f"editjudge: {command[-1]} ", f"{path.name} {said}")
    assert {path.name for path in tmp_path.iterdir() if path not in grey_edit} == {"table.csv", "other.webp"}
    assert (table.read_text(encoding="utf-8"), picture.read_bytes()) == ("a,b", b"picture")


@needs_full
def test_a_device_as_an_output(capfd: Capture, grey_edit: tuple[Path, Path]) -> None:
    score = ["score", *map(str, grey_edit), "Make it blue.", "--bundle", "nowhere"]
    for option in ("--report", "--mask"):
        assert_fails(capfd, [*score, option, str(FULL)], 2, "it is not an ordinary file")


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="there is no folder here that even root cannot write to")
def test_a_folder_that_is_not_to_be_written_to(capfd: Capture) -> None:
    command = ["demo", "--bundle", "nowhere", "--report", "/sys/kernel/report.html"]
    assert_fails(capfd, command, 2, "cannot write /sys/kernel/report.html")


def test_a_disk_that_is_full_in_the_middle_of_an_output(tmp_path: Path) -> None:
    """What was there before stays, and nothing else."""
    found = tmp_path / "found.jsonl"
    found.write_text("before", encoding="utf-8")
    done = run(["parse", WITHOUT_WORDS, "--output", str(found), "--no-cache"], prepare=forbid_files_to_grow)
    assert_sentence(done, 2, "found.jsonl: file too large")
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [("found.jsonl", "before")]


def test_an_output_does_not_replace_an_input_by_another_name_of_it(
    capfd: Capture, grey_edit: tuple[Path, Path], tmp_path: Path
) -> None:
    link = tmp_path / "link.png"
    link.symlink_to(grey_edit[0])
    score = ["score", *map(str, grey_edit), "Make it blue.", "--bundle", "nowhere"]
    for path in (link, tmp_path / "." / "original.png"):
        assert_fails(capfd, [*score, "--report", str(path)], 2, "replace an input")
