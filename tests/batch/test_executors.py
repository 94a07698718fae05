"""Where rows are scored: in worker processes, or on Ray."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from editjudge.batch import score_dataset
from editjudge.batch.executors import local, ray
from editjudge.batch.grouping import read_groups
from editjudge.batch.score_columns import pack
from editjudge.batch.worker import ScoredRow, Setup, Worker
from editjudge.datasets import open_dataset
from editjudge.errors import DeviceError
from support.batch_runs import assert_run_fails

Capture = pytest.CaptureFixture[str]


def test_a_task_holds_rows_of_one_instruction_and_pieces_of_long_groups(tmp_path: Path) -> None:
    """So that one worker parses it, prepares an original once, and other workers have something left to do."""
    edits = [*("abcdefghij" for _ in range(2)), "a" * 40, "b"]
    path = tmp_path / "edits.csv"
    rows = [f"{original},y,{place}" for place, originals in enumerate(edits) for original in originals]
    path.write_text("\n".join(["original,edited,instruction", *rows]))
    dataset = open_dataset(path)
    tasks = [
        [[number for number, _ in group] for group in task] for task in local.make_tasks(dataset, [range(len(rows))])
    ]
    assert tasks == [
        [[place] for place in range(10)],
        [[place] for place in range(10, 20)],
        [[*range(20, 36)]],
        [[*range(36, 52)]],
        [[*range(52, 60)]],
        [[60]],
    ]


def test_what_the_workers_cannot_open_ends_the_run(data: Path, tmp_path: Path, capfd: Capture) -> None:
    assert_run_fails(capfd, [str(data), "-o", str(tmp_path / "s.csv"), "--device", "openvino"], 3, "openvino")


def test_ray_is_named_where_it_is_missing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DeviceError, match=r"the engine ray needs Ray; pip install 'editjudge\[ray\]'"):
        score_dataset(open_dataset(data), tmp_path / "s.csv", executor="ray")


def test_an_actor_scores_the_groups_of_its_blocks(data: Path) -> None:
    """Without Ray, which hands it the numbers of the rows that are pending, as JSON, and takes rows as JSON."""
    dataset, setup = open_dataset(data), Setup(device="cpu", threads=1)
    scored = ray._Actor(dataset, setup)({"pending": [json.dumps([0, 1, 6])]})["scored"]
    rows = [ScoredRow(*json.loads(row)) for row in scored]
    groups = [group for block in read_groups(dataset, [range(2), range(6, 7)]) for group in block]
    worker = Worker(setup)
    assert rows == [ScoredRow(*json.loads(pack(row))) for group in groups for row in worker.score(group)]
    assert {0, 1, 6} <= {row.number for row in rows}


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs the ray extra")
@pytest.mark.filterwarnings("default")  # Ray's own
def test_two_workers_on_ray_give_what_one_process_gives(whole: bytes, long: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.jsonl"
    progress = score_dataset(open_dataset(long), output, executor="ray", workers=2)
    assert (progress.rows, progress.done, progress.failed) == (120, 120, 0)
    assert output.read_bytes() == whole
