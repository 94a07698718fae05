"""Where rows are scored: in worker processes, or on Ray."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from editjudge.batch import score_dataset
from editjudge.batch.executors import local
from editjudge.datasets import open_dataset
from editjudge.errors import DeviceError
from support.batch_runs import assert_run_fails

Capture = pytest.CaptureFixture[str]


def test_rows_with_one_instruction_go_to_one_worker(tmp_path: Path) -> None:
    instructions = ["a"] * 3 + ["b"] + ["a"] * 10
    path = tmp_path / "edits.csv"
    path.write_text("\n".join(["original,edited,instruction", *(f"x,y,{instruction}" for instruction in instructions)]))
    tasks = local._tasks(open_dataset(path), [range(1, 5), range(6, 14)])
    assert [[number for number, _ in task] for task in tasks] == [[1, 2], [3], [4], [*range(6, 14)]]


def test_what_the_workers_cannot_open_ends_the_run(data: Path, tmp_path: Path, capfd: Capture) -> None:
    assert_run_fails(capfd, [str(data), "-o", str(tmp_path / "s.csv"), "--device", "openvino"], 3, "openvino")


def test_ray_is_named_where_it_is_missing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DeviceError, match=r"the engine ray needs Ray; pip install 'editjudge\[ray\]'"):
        score_dataset(open_dataset(data), tmp_path / "s.csv", executor="ray")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs the ray extra")
@pytest.mark.filterwarnings("default")  # Ray's own
def test_two_workers_on_ray_give_what_one_process_gives(whole: bytes, long: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.jsonl"
    progress = score_dataset(open_dataset(long), output, executor="ray", workers=2)
    assert (progress.rows, progress.done, progress.failed) == (120, 120, 0)
    assert output.read_bytes() == whole
