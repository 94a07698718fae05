"""Tables that are too large for memory, or have lines that are: each is refused by its name before it is read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from editjudge.datasets import open_dataset
from editjudge.datasets.readers import text_file
from editjudge.errors import InputError
from support.fresh_process import run_python

OPENS = """
import resource, sys
from editjudge.cli.main import run

mebibytes, data, output = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_AS, (int(mebibytes) << 20,) * 2)
sys.exit(run(["score-dataset", data, "-o", output]))
"""


def opened(data: Path, mebibytes: int) -> str:
    """What a process says that may have so much memory."""
    done = run_python(OPENS, mebibytes, data, data.with_name("scores.csv"), environment={"OPENBLAS_NUM_THREADS": "1"})
    assert done.stdout == ""
    return f"{done.returncode} {done.stderr}"


def write_zeros(path: Path, size: int) -> Path:
    """A file of one line that takes no room on the disk."""
    with path.open("wb") as file:
        file.write(b"original,")
        file.truncate(size)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@pytest.mark.parametrize(
    ("name", "mebibytes", "said"),
    [
        ("edits.csv", 4000, "2 editjudge: line 1 of {} has over 268,435,456 characters; write a line for each row\n"),
        ("edits.jsonl", 4000, "2 editjudge: line 1 of {} has over 268,435,456 characters; write a line for each row\n"),
        ("edits.csv", 720, "3 editjudge: there is not enough memory to read line 1 of {}; break it up, or close "),
        (
            "edits.json",
            4000,
            "2 editjudge: {} has 2,500,000,000 bytes, and at most 1,073,741,824 are read at once; write its",
        ),
    ],
)
def test_a_line_or_a_file_of_gigabytes(tmp_path: Path, name: str, mebibytes: int, said: str) -> None:
    data = write_zeros(tmp_path / name, 2_500_000_000)
    assert opened(data, mebibytes).startswith(said.format(data))
    assert list(tmp_path.iterdir()) == [data]


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@pytest.mark.parametrize("content", ['"' + "x" * 2**20 + '"', "[" + "{}," * 2**24 + "{}]"], ids=["sparse", "dense"])
def test_a_json_file_for_which_there_is_no_memory(tmp_path: Path, content: str) -> None:
    """Seen before it is read, or where its objects take more than its size lets on."""
    data = tmp_path / "edits.json"
    data.write_text(content)
    if content.startswith('"'):
        write_zeros(data, 2**30)
    said = opened(data, 1000)
    assert said.startswith(f"3 editjudge: there is not enough memory to read {data}; write its objects one a line")
    assert said.count("\n") == 1


def test_a_long_line_below_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "LONGEST_LINE", 100)
    data = tmp_path / "edits.csv"
    data.write_text(f"original,edited,instruction\na.png,b.png,hop\na.png,b.png,{'x' * 87}\n")
    assert len(open_dataset(data)) == 2
    data.write_text(f"original,edited,instruction\na.png,b.png,hop\na.png,b.png,{'x' * 88}\n")
    with pytest.raises(InputError, match=r"line 3 of .*edits\.csv has over 100 characters"):
        open_dataset(data)
