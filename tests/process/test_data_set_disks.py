"""Runs over a data set on disks that are full, or have no room for what worker processes need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from editjudge.batch import score_dataset
from editjudge.batch.runner import part_file
from editjudge.datasets import open_dataset
from support.batch_runs import write_edits
from support.fresh_process import run_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits files and mounts as Linux does")
WIDE = "x" * 5000
"""A cell that makes the table larger than the part file."""


def mounts_are_allowed() -> bool:
    command = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


needs_mounts = pytest.mark.skipif(not mounts_are_allowed(), reason="may not mount a file system of its own")

RUNS = """
import resource, sys
from editjudge.cli.main import run

data, output, *limits = sys.argv[1:]
for limit in map(int, limits):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    print(run(["score-dataset", data, "-o", output, "--workers", "1", "--resume"]), file=sys.stderr)
"""


def test_a_disk_without_room_for_the_header_the_rows_or_the_table(tmp_path: Path) -> None:
    """Each time the run says so, and in the end, when there is room, it has lost nothing."""
    data = write_edits(tmp_path / "edits.csv", 6)
    header, *rows = data.read_text().splitlines()
    data.write_text("\n".join([f"{header},wide", *(f"{row},{WIDE}" for row in rows)]))
    whole, output = tmp_path / "whole.jsonl", tmp_path / "scores.jsonl"
    score_dataset(open_dataset(data), whole, workers=1)
    part = part_file(output)
    done = run_python(RUNS, data, output, 100, 4000, 20_000, 2**30, seconds=300)
    at_header, *statuses, last = done.stderr.splitlines()
    first, at_rows, second, at_table, third = statuses
    full = "file too large"
    assert at_header == f"editjudge: cannot write {part}: {full}; make room, or choose another place"
    assert at_rows.startswith(f"editjudge: cannot write {part}: {full}; make room; ")
    assert at_rows.endswith(" of 6 rows are done, go on with --resume")
    assert at_table.startswith(f"editjudge: cannot write {output}: {full}; ")
    assert at_table.endswith("; 6 of 6 rows are done, go on with --resume")
    assert [first, second, third, last] == ["2", "2", "2", "0"]
    assert output.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if "scores" in path.name) == [output.name]


TABLES = """
import os, resource, sys
from pathlib import Path
from editjudge.batch.table_writers import write_table
from editjudge.errors import InputError

def rows():
    return ({"id": str(number), "text": os.urandom(500).hex()} for number in range(100))

resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
for name in sys.argv[1:]:
    path = Path(name)
    path.write_text("older")
    try:
        write_table(path, rows, {})
    except InputError as error:
        print(error)
    assert path.read_text() == "older"
"""


def test_a_table_of_any_kind_for_which_there_is_no_room(tmp_path: Path) -> None:
    outputs = [tmp_path / f"scores.{suffix}" for suffix in ("csv", "jsonl", "parquet")]
    done = run_python(TABLES, *outputs)
    assert (done.returncode, done.stderr) == (0, "")
    for output, said in zip(outputs, done.stdout.splitlines(), strict=True):
        assert said.startswith(f"cannot write {output}: ")
        assert "file too large" in said
    assert sorted(tmp_path.iterdir()) == outputs


FULL_DISK = """
import subprocess, sys
from pathlib import Path
from editjudge.batch.checkpoint import RunCheckpoint
from editjudge.errors import InputError

folder = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], check=True)
part, filler = folder / "scores.part", folder / "filler"
filler.write_bytes(bytes(32_768))
values = {"text": "x" * 1000}
try:
    with RunCheckpoint(part, {"data set": 1}) as checkpoint:
        for number in range(60):
            checkpoint.add(number, values, [])
except InputError as error:
    print(error)
filler.unlink()
with RunCheckpoint(part, {"data set": 1}) as checkpoint:
    done = len(checkpoint)
    print(0 < done < 60, all(checkpoint[number] == values for number in range(done)))
    checkpoint.add(done, values, [])
with RunCheckpoint(part, {"data set": 1}) as checkpoint:
    print(len(checkpoint) == done + 1)
"""


@needs_mounts
def test_a_disk_that_is_full_until_there_is_room(tmp_path: Path) -> None:
    done = run_in_namespace(FULL_DISK, tmp_path)
    said, *checks = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert said == f"cannot write {tmp_path}/scores.part: no space left on device; make room"
    assert checks == ["True True", "True"]


NO_SHARED_MEMORY = """
import subprocess, sys
from editjudge.cli.main import run

subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", "/dev/shm"], check=True)
sys.exit(run(["score-dataset", *sys.argv[1:]]))
"""


@needs_mounts
def test_a_machine_without_shared_memory(tmp_path: Path) -> None:
    """Worker processes are kept in step by what lies there."""
    output = tmp_path / "scores.jsonl"
    done = run_in_namespace(NO_SHARED_MEMORY, write_edits(tmp_path / "edits.csv", 6), "-o", output)
    assert done.returncode == 3
    assert done.stderr.startswith("editjudge: worker processes cannot be started: ")
    assert "/dev/shm" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not any("scores" in path.name for path in tmp_path.iterdir())


FEW_FILES = """
import resource, sys
from editjudge.cli.main import run

resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))
sys.exit(run(["score-dataset", *sys.argv[1:]]))
"""


def test_a_process_that_may_open_few_files(tmp_path: Path) -> None:
    output = tmp_path / "scores.jsonl"
    done = run_python(FEW_FILES, write_edits(tmp_path / "edits.csv", 6), "-o", output, "--workers", "2")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "editjudge: worker processes cannot be started: Too many open files; "
        "raise the limit of open files (ulimit -n), or try fewer --workers\n"
    )


UNGUARDED = """
from pathlib import Path
from editjudge.batch import score_dataset
from editjudge.datasets import open_dataset

try:
    score_dataset(open_dataset("edits.csv"), Path("scores.jsonl"), workers=1)
except Exception as error:
    raise SystemExit(f"{type(error).__name__}: {error}")
"""


def test_a_script_that_its_own_workers_would_run(tmp_path: Path) -> None:
    """Each worker imports it, and ends with what comes of that."""
    write_edits(tmp_path / "edits.csv", 6)
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED)
    command = [sys.executable, script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "DeviceError: a worker ended itself with exit status 1; start the run under if __name__ == " in done.stderr


@pytest.mark.parametrize("workers", [1, 3])
def test_a_home_that_cannot_be_written_is_told_once(tmp_path: Path, workers: int) -> None:
    """Each worker warned by itself, as Python prints warnings."""
    (tmp_path / "file").touch()
    data, output = write_edits(tmp_path / "edits.csv", 24), tmp_path / "scores.jsonl"
    program = "import sys; from editjudge.cli.main import run; sys.exit(run(['score-dataset', *sys.argv[1:]]))"
    home = {"EDITJUDGE_HOME": str(tmp_path / "file" / "home")}
    done = run_python(program, data, "-o", output, "--workers", workers, environment=home)
    assert done.returncode == 0
    assert done.stderr.startswith("editjudge: warning: ")
    assert done.stderr.endswith(
        "nothing is kept for the next process; set EDITJUDGE_HOME to a folder with 300 MB to spare\n"
    )
    assert done.stderr.count("\n") == 1


def run_in_namespace(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """As `run_python`, where mounting concerns no other process."""
    enter = "import os, sys; os.execvp('unshare', ['unshare', '--map-root-user', '--mount', *sys.argv[1:]])"
    return run_python(enter, sys.executable, "-c", program, *arguments)
