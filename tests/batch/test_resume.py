"""Runs of `editjudge score-dataset` that are cut off in every way, and go on."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from editjudge.batch import runner, score_dataset
from editjudge.batch.runner import part_file
from editjudge.cli.main import run
from editjudge.datasets import open_dataset
from editjudge.errors import InputError
from support.batch_runs import assert_run_fails, read_rows

TOY = Path(__file__).parents[1] / "fixtures" / "toy"
COMMAND = [sys.executable, "-c", "from editjudge.cli.main import main; main()", "score-dataset"]
Capture = pytest.CaptureFixture[str]
needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")


def started(arguments: list[str], **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def lines_of(part: Path) -> int:
    return part.read_bytes().count(b"\n") if part.exists() else 0


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Until the condition holds, the process has ended, or two minutes are over."""
    end = time.monotonic() + 120
    while not condition() and (process is None or process.poll() is None) and time.monotonic() < end:
        time.sleep(0.002)


def children(process: int) -> list[int]:
    """Those that any of its threads started."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for path in lists for child in path.read_text().split()]


def alive(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def workers_of(process: int) -> list[int]:
    """The worker processes; beside them there is one that looks after semaphores."""
    command = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in children(process)}
    return [child for child, line in command.items() if b"spawn_main" in line]


@needs_proc
def test_a_run_that_is_killed_goes_on_where_it_was(whole: bytes, long: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.jsonl"
    part, arguments = part_file(output), [str(long), "-o", str(output), "--resume", "--workers", "2"]
    kept: list[str] = []
    kills = 0
    for target in (5, 60):
        process = started(arguments)
        wait_for(lambda target=target: lines_of(part) > target, process)
        workers = workers_of(process.pid)
        process.kill()
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        wait_for(lambda workers=workers: not any(map(alive, workers)))
        assert not any(map(alive, workers)), "workers go on without their run"
        assert not output.exists()
        lines = part.read_text().split("\n")[:-1]
        assert lines[: len(kept)] == kept, "what was done before is not touched"
        kept = lines
    assert kills == 2
    process = started(arguments)
    printed, error = process.communicate()
    assert (process.returncode, error) == (0, "")
    # "+++" asks for nothing that can be told.
    unmeasured = "120 of them without a number (column headline says why)"
    assert printed == f"{output}: 120 of 120 rows scored, {unmeasured}\n"
    assert output.read_bytes() == whole
    assert not part.exists()


@needs_proc
def test_a_worker_that_dies_loses_nothing(whole: bytes, long: Path, tmp_path: Path, capfd: Capture) -> None:
    output = tmp_path / "scores.jsonl"
    part, arguments = part_file(output), [str(long), "-o", str(output), "--workers", "2"]
    process = started(arguments)
    wait_for(lambda: lines_of(part) > 20, process)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    printed, error = process.communicate()
    assert process.returncode == 3
    assert printed == ""
    assert error.startswith("editjudge: a worker died, most likely for want of memory; try fewer --workers; ")
    done = lines_of(part) - 1
    assert f"{done} of 120 rows are done, go on with --resume" in error
    assert_run_fails(capfd, arguments, 2, "scores.jsonl.part is what a run left that was cut off", "--resume")
    assert run(["score-dataset", *arguments, "--resume"]) == 0
    assert output.read_bytes() == whole


@needs_proc
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGSEGV, "a worker died of SIGSEGV, which is a fault of a library; try again, and report it"),
        (signal.SIGXCPU, "a worker was ended by SIGXCPU; find out what sends it, or which limit is set"),
    ],
)
def test_of_what_a_worker_died(long: Path, tmp_path: Path, number: signal.Signals, words: str) -> None:
    output = tmp_path / "scores.jsonl"
    process = started([str(long), "-o", str(output), "--workers", "2"])
    wait_for(lambda: lines_of(part_file(output)) > 10, process)
    os.kill(workers_of(process.pid)[0], number)
    _, error = process.communicate()
    assert process.returncode == 3
    assert error.startswith(f"editjudge: {words}")
    assert error.endswith("of 120 rows are done, go on with --resume\n")
    assert error.count("\n") == 1


@needs_proc
def test_a_run_does_not_wait_for_workers_that_outlive_a_dead_one(long: Path, tmp_path: Path) -> None:
    """One that waits for a lock that the dead one held never ends by itself, as one that was stopped."""
    output = tmp_path / "scores.jsonl"
    process = started([str(long), "-o", str(output), "--workers", "2"])
    wait_for(lambda: lines_of(part_file(output)) > 10, process)
    first, second = workers_of(process.pid)
    os.kill(second, signal.SIGSTOP)
    os.kill(first, signal.SIGSEGV)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 3
    assert error.startswith("editjudge: a worker died of SIGSEGV, ")


@needs_proc
@pytest.mark.parametrize("count", [1, 2])
def test_a_row_for_which_there_is_no_memory_is_left_to_a_later_run(
    whole: bytes, long: Path, tmp_path: Path, count: int
) -> None:
    """It got an error for good, and the run went on to the next."""
    output = tmp_path / "scores.jsonl"
    arguments = [str(long), "-o", str(output), "--workers", str(count)]
    process = started(arguments)
    wait_for(lambda: lines_of(part_file(output)) > 10, process)
    for worker in workers_of(process.pid):
        (size,) = re.findall(r"VmSize:\s+(\d+) kB", Path(f"/proc/{worker}/status").read_text())
        resource.prlimit(worker, resource.RLIMIT_AS, ((int(size) << 10) + 2**24,) * 2)
    printed, error = process.communicate()
    assert (process.returncode, printed) == (3, "")
    remedy = "try fewer --workers, hand in" if count > 1 else "hand in"
    assert error.startswith(f"editjudge: there is not enough memory to score this; {remedy} smaller pictures, ")
    assert error.endswith("of 120 rows are done, go on with --resume\n")
    assert error.count("\n") == 1
    assert b'"error"' not in part_file(output).read_bytes()
    assert run(["score-dataset", *arguments, "--resume"]) == 0
    assert output.read_bytes() == whole


ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@needs_proc
@pytest.mark.parametrize("number", ENDING)
def test_a_run_that_is_asked_to_end_says_how_to_go_on(long: Path, tmp_path: Path, number: signal.Signals) -> None:
    output = tmp_path / "scores.jsonl"
    process = started([str(long), "-o", str(output), "--workers", "1"], start_new_session=True)
    wait_for(lambda: lines_of(part_file(output)) > 10, process)
    workers = workers_of(process.pid)
    os.killpg(process.pid, number)  # as terminals and supervisors do, to the workers too
    printed, error = process.communicate()
    assert process.returncode == 128 + number
    assert printed == ""
    assert error.endswith("of 120 rows are done; go on with --resume\n")
    assert error.count("\n") == 1
    assert not any(map(alive, workers))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.jsonl.part"]


@needs_proc
@pytest.mark.parametrize("number", ENDING)
def test_a_run_that_is_asked_to_end_while_it_starts(long: Path, tmp_path: Path, number: signal.Signals) -> None:
    """While its worker does not know yet what to do about signals. There is nothing to go on with, and nothing left."""
    output = tmp_path / "scores.jsonl"
    process = started([str(long), "-o", str(output), "--workers", "1"], start_new_session=True)
    wait_for(lambda: bool(workers_of(process.pid)), process)
    os.killpg(process.pid, number)
    assert process.communicate() == ("", "")
    assert process.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []


@needs_proc
def test_a_run_under_nohup_does_not_end_with_its_terminal(whole: bytes, long: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.jsonl"
    command = ["env", "--ignore-signal=HUP", *COMMAND, str(long), "-o", str(output), "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    wait_for(lambda: lines_of(part_file(output)) > 10)
    os.killpg(process.pid, signal.SIGHUP)
    _, error = process.communicate()
    assert (process.returncode, error) == (0, b"")
    assert output.read_bytes() == whole


@needs_proc
def test_two_runs_to_one_output(whole: bytes, long: Path, tmp_path: Path, capfd: Capture) -> None:
    """The second one is refused, while the first lives; the lock of one that was killed is none."""
    output = tmp_path / "scores.jsonl"
    part, arguments = part_file(output), [str(long), "-o", str(output), "--workers", "1"]
    process = started(arguments)
    wait_for(lambda: lines_of(part) > 5, process)
    for more in ([], ["--resume"]):
        assert_run_fails(capfd, [*arguments, *more], 2, f"{part} is in use by another run; wait for it to end")
    process.kill()
    process.communicate()
    assert part.with_name("scores.jsonl.part.lock").exists()
    assert run(["score-dataset", *arguments, "--resume"]) == 0
    assert output.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [output]


def test_when_all_was_done_but_the_end(whole: bytes, long: Path, tmp_path: Path, capfd: Capture) -> None:
    """Killed while the table was written; after it was renamed; and when nothing is left."""
    output = tmp_path / "scores.jsonl"
    dataset = open_dataset(long)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runner, "write_table", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            score_dataset(dataset, output, workers=1)
    assert lines_of(part_file(output)) == 121
    part = part_file(output).read_bytes()
    for older in (False, True):
        if older:
            part_file(output).write_bytes(part)
        progress = score_dataset(dataset, output, resume=True)
        assert (progress.rows, progress.done, progress.failed) == (120, 120, 0)
        assert output.read_bytes() == whole
    assert run(["score-dataset", str(long), "-o", str(output), "--resume"]) == 0
    assert "is whole, nothing is left to do" in capfd.readouterr().out


@pytest.fixture
def cut(data: Path, tmp_path: Path) -> Path:
    """The output of a run that was cut off after some rows."""
    output = tmp_path / "scores.jsonl"

    def stop(progress: runner.Progress) -> None:
        if progress.done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_dataset(open_dataset(data), output, workers=1, watch=stop)
    return output


def test_another_run_is_not_mixed_in(cut: Path, data: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    before = part_file(cut).read_bytes()
    arguments = [str(data), "-o", str(cut), "--resume", "--workers", "1"]
    assert_run_fails(capfd, [*arguments, "--bundle", str(TOY)], 2, "belongs to another run: its bundle is not the same")
    assert_run_fails(capfd, [*arguments, "--compat", "released"], 2, "its compat is not the same", "or delete the file")
    assert_run_fails(capfd, [*arguments, "--metrics", "ssim"], 2, "its metrics are not the same")
    with monkeypatch.context() as patched:
        patched.setattr("editjudge.__version__", "9.9", raising=False)
        assert_run_fails(capfd, arguments, 2, "its version is not the same")
    written = data.read_bytes()
    data.write_bytes(written.replace(b"r23", b"r24"))
    assert_run_fails(capfd, arguments, 2, "its data set is not the same")
    data.write_bytes(written)
    assert part_file(cut).read_bytes() == before
    assert run(["score-dataset", *arguments]) == 0


@pytest.mark.parametrize("torn", [b'{"row": 23, "values": {"bpm": 1.0', b"\x00\x00"])
def test_a_line_that_was_cut_off_is_done_again(cut: Path, data: Path, torn: bytes) -> None:
    with part_file(cut).open("ab") as file:
        file.write(torn)
    assert score_dataset(open_dataset(data), cut, workers=1, resume=True).done == 24
    assert [row["id"] for row in read_rows(cut)] == [f"r{number}" for number in range(24)]


def test_lines_that_are_damaged_are_done_again(cut: Path, data: Path) -> None:
    """In the middle of the file, in the place of rows; as zeros too, which a power cut may leave."""
    part = part_file(cut)
    header, *rows = part.read_bytes().splitlines(keepends=True)
    zeros, deep, torn = b"\0" * 4096 + b"\n", b"[" * 100_000 + b"\n", b'{"row": 3, "values": {"error": null}\n'
    part.write_bytes(b"".join([header, b"\n", b"[]\n", rows[2], b'{"row": 1}\n', b"\xff\n", zeros, deep, torn]))
    assert score_dataset(open_dataset(data), cut, workers=1, resume=True).done == 24
    again = cut.with_name("again.jsonl")
    score_dataset(open_dataset(data), again, workers=1)
    assert cut.read_bytes() == again.read_bytes()


@pytest.mark.parametrize("begin", [b"{}\n", b"\0\0\n", b"id,original\n", b"notes without a line end"])
def test_what_is_no_part_file_is_left_alone(cut: Path, data: Path, begin: bytes) -> None:
    part_file(cut).write_bytes(begin)
    with pytest.raises(InputError, match="is damaged or no part file; delete it"):
        score_dataset(open_dataset(data), cut, resume=True)
    assert part_file(cut).read_bytes() == begin


def test_rows_of_two_runs_in_one_part_file(cut: Path, data: Path) -> None:
    """Two headers are what two runs at once left in the times before one locked the other out."""
    part = part_file(cut)
    header, *rows = part.read_bytes().splitlines(keepends=True)
    part.write_bytes(b"".join([header, *rows[:2], header, *rows[2:]]))
    with pytest.raises(ZeroDivisionError):
        score_dataset(open_dataset(data), cut, workers=1, resume=True, watch=lambda progress: 1 / (progress.done - 8))
    other = header.replace(b'"compat": null', b'"compat": "released"')
    part.write_bytes(b"".join([header, *rows[:2], other, *rows[2:]]))
    with pytest.raises(InputError, match="belongs to another run: its compat is not the same"):
        score_dataset(open_dataset(data), cut, resume=True)


@pytest.mark.parametrize("begin", [b"", b'{"data', b'{"data set": "12', b"\0" * 512])
def test_a_part_file_of_which_not_even_the_first_line_is_whole(data: Path, tmp_path: Path, begin: bytes) -> None:
    output = tmp_path / "scores.jsonl"
    part_file(output).write_bytes(begin)
    assert score_dataset(open_dataset(data), output, workers=1, resume=True).done == 24
