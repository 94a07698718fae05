"""`editjudge score-dataset`, as it is typed: the table, broken rows, and runs that are cut off in every way.

The instructions have no words, so that the parser understands the whole picture without loading its model: the scorer
and its other models are the real ones, and a row takes some milliseconds.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pyarrow.parquet as pq
import pytest

from editjudge import Scorer
from editjudge.batch import checkpoint, columns, local, outputs, run, score_dataset
from editjudge.batch.columns import SCORE
from editjudge.batch.run import part_file
from editjudge.cli import run as type_in
from editjudge.datasets import open_dataset
from editjudge.errors import DeviceError, InputError

TOY = Path(__file__).parent / "fixtures" / "toy"
WORDLESS = "+++"
Capture = pytest.CaptureFixture[str]
COMMAND = [sys.executable, "-c", "from editjudge.cli import main; main()", "score-dataset"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A plain table of 24 edits of 6 pictures."""
    return write_data(tmp_path / "edits.csv", 24)


def write_data(path: Path, rows: int) -> Path:
    random = np.random.default_rng(0)
    for number in range(6):
        noise = random.integers(0, 255, (6, 8, 3), np.uint8)
        PIL.Image.fromarray(noise).resize((96, 72)).save(path.parent / f"{number}.png")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "original", "edited", "instruction", "model"))
        for row in range(rows):
            writer.writerow((f"r{row}", f"{row % 6}.png", f"{(row + 1 + row // 6) % 6}.png", WORDLESS, f"m{row % 3}"))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    match path.suffix:
        case ".csv":
            with path.open(newline="") as file:
                return list(csv.DictReader(file))
        case ".jsonl":
            return [json.loads(line) for line in path.read_text().splitlines()]
    return list(pq.read_table(path).to_pylist())


def fails(capfd: Capture, arguments: list[str], status: int, *words: str) -> None:
    """Expects this exit status, and one line on stderr that holds the words."""
    assert type_in(["score-dataset", *arguments]) == status
    error = capfd.readouterr().err
    assert error.startswith("editjudge: ")
    assert error.count("\n") == 1
    for word in words:
        assert word in error


def test_the_table(data: Path, tmp_path: Path, capfd: Capture) -> None:
    outputs = [tmp_path / f"scores.{suffix}" for suffix in ("jsonl", "csv", "parquet")]
    for output, workers in zip(outputs, "112", strict=True):
        assert type_in(["score-dataset", str(data), "-o", str(output), "--workers", workers]) == 0
        assert capfd.readouterr().out == f"{output}: 24 of 24 rows scored\n"
        assert not part_file(output).exists()
    lines, texts, cells = map(read, outputs)
    assert list(lines[0]) == [
        *("id", "group", "original", "edited", "instruction", "human", "model"), *SCORE, "error",
    ]  # fmt: skip
    assert list(texts[0]) == list(cells[0]) == list(lines[0])
    assert cells == lines
    for line, text in zip(lines, texts, strict=True):
        for name, value in line.items():
            if isinstance(value, float):
                assert float(text[name]) == value
            elif isinstance(value, list):
                assert json.loads(text[name]) == value
            else:
                assert text[name] == (value or "")

    scorer = Scorer.load("studio", "cpu", 1)
    for number, line in enumerate(lines):
        assert line["id"] == f"r{number}"
        assert line["model"] == f"m{number % 3}"
        score = scorer.score(tmp_path / line["original"], tmp_path / line["edited"], WORDLESS)
        assert line["bpm"] == score.bpm
        assert line["semantic.modify_raw"] == score.semantic.modify_raw
        assert line["region.size"] is score.region.size is None
        assert line["flags"] == list(score.flags)
        assert line["explanation"] == score.explanation
        assert line["error"] is None
    assert len({line["bpm"] for line in lines}) > 10


def test_metrics_are_further_columns(data: Path, tmp_path: Path, capfd: Capture) -> None:
    output = tmp_path / "scores.jsonl"
    assert type_in(["score-dataset", str(data), "-o", str(output), "--workers", "1", "--metrics", "l2,bpm,clip_i"]) == 0
    scorer = Scorer.load("studio", "cpu", 1)
    for line in read(output)[:4]:
        found = scorer.metrics(tmp_path / line["original"], tmp_path / line["edited"], WORDLESS, ["l2", "clip_i"])
        assert {name: line[f"metrics.{name}"] for name in found} == pytest.approx(found)
        assert "metrics.bpm" not in line
    capfd.readouterr()
    fails(capfd, [str(data), "-o", str(tmp_path / "b.csv"), "--metrics", "l3"], 2, "there is no metric 'l3'")
    fails(
        capfd, [str(data), "-o", str(tmp_path / "b.csv"), "--metrics", "lpips"], 3, "lpips", "which bundle studio lacks"
    )
    assert not (tmp_path / "b.csv").exists()


def test_the_columns_are_all_that_a_score_says_of_an_edit() -> None:
    scorer = Scorer.load("studio", "cpu", 1)
    picture = np.full((64, 64, 3), 90, np.uint8)
    said = dict(columns._flat(scorer.score(picture, picture + 50, WORDLESS).to_dict()))
    machine = {name for name in said if name.startswith(("timings_ms.", "models."))}
    assert machine
    assert set(said) - machine == set(SCORE)


def test_broken_rows_are_told_and_counted(data: Path, tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    with data.open("a") as file:
        file.write(f"a,nowhere.png,0.png,{WORDLESS},m\nb,0.png,empty.png,{WORDLESS},m\nc,0.png,1.png,,m\nd,0.png\n")
        file.write(f"e,0.png,1.png,{WORDLESS},m,too,many\nf,0.png,1.png,{'x' * 5000},m\ng,0.png,1.png,{WORDLESS},m\n")
    output = tmp_path / "scores.parquet"
    assert type_in(["score-dataset", str(data), "-o", str(output)]) == 0
    printed = capfd.readouterr().out
    assert printed.startswith(f"{output}: 25 of 31 rows scored, 6 not (column error), the last of them: ")
    rows = read(output)
    assert len(rows) == 31
    words = ("nowhere.png does not exist", "empty.png is empty", "no instruction", "no edited picture",
             "more cells than there are columns", "5,000 characters")  # fmt: skip
    for row, word in zip(rows[24:30], words, strict=True):
        assert word in row["error"]
        assert row["bpm"] is None
        assert row["flags"] is None
    assert rows[24]["original"] == "nowhere.png"
    assert [row["error"] for row in (*rows[:24], rows[30])] == [None] * 25


def test_when_no_row_can_be_scored(tmp_path: Path, capfd: Capture) -> None:
    data, output = tmp_path / "edits.csv", tmp_path / "scores.csv"
    data.write_text("original,edited,instruction\na.png,b.png,hop\n")
    fails(capfd, [str(data), "-o", str(output)], 2, "none of the 1 rows could be scored", "a.png does not exist")
    assert "a.png does not exist" in read(output)[0]["error"]


def test_a_table_of_scores_can_be_scored_again(data: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    score_dataset(open_dataset(data), first, workers=1)
    score_dataset(open_dataset(first), second, workers=1)
    for before, after in zip(read(first), read(second), strict=True):
        assert after["bpm"] == before["bpm"] == after["input.bpm"]
        assert after["input.error"] is None
        assert json.loads(after["input.flags"]) == after["flags"]


def test_the_columns_of_a_data_set_keep_their_kinds(tmp_path: Path, data: Path) -> None:
    edit = {"original": "0.png", "edited": "1.png", "instruction": WORDLESS}
    given = [
        {**edit, "whole": 1, "number": 1, "mixed": 1, "truth": True, "nested": {"a": [1]}, "none": None},
        {**edit, "whole": 2, "number": 2.5, "mixed": "x", "truth": False, "nested": None, "late": 3},
    ]
    (tmp_path / "edits.jsonl").write_text("\n".join(map(json.dumps, given)))
    output = tmp_path / "scores.parquet"
    score_dataset(open_dataset(tmp_path / "edits.jsonl"), output, workers=1)
    schema = {field.name: str(field.type) for field in pq.read_schema(output)}
    assert [schema[name] for name in ("whole", "number", "mixed", "truth", "nested", "none", "late", "human")] == [
        "int64", "double", "string", "bool", "string", "string", "int64", "string",
    ]  # fmt: skip
    assert schema["bpm"] == schema["region.position"] == "double"
    assert schema["flags"].startswith("list")
    first, second = read(output)
    assert (first["number"], first["mixed"], first["nested"], first["late"]) == (1.0, "1", '{"a": [1]}', None)
    assert (second["mixed"], second["late"]) == ("x", 3)


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    """As PSNR gives them of equal pictures; they are kept on their way through the part file."""
    part = checkpoint.Checkpoint(tmp_path / "scores.part", {})
    part.add(0, {"metrics.psnr": np.float32("inf"), "metrics.clip_t": np.float64("nan"), "metrics.l2": np.float32(0.5)})
    values = part[0]
    added = columns.columns(("psnr", "clip_t", "l2"))
    found = {}
    for suffix in ("csv", "jsonl", "parquet"):
        outputs.write_table(tmp_path / f"scores.{suffix}", lambda: iter([values]), added)
        (found[suffix],) = read(tmp_path / f"scores.{suffix}")
    part.__exit__(None, None, None)
    names = ("metrics.psnr", "metrics.clip_t", "metrics.l2")
    assert [found["csv"][name] for name in names] == ["inf", "", "0.5"]
    assert [found["jsonl"][name] for name in names] == [None, None, 0.5]
    assert found["parquet"]["metrics.psnr"] == np.inf
    assert found["parquet"]["metrics.l2"] == 0.5


# --- runs that are cut off ---


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
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def alive(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def workers_of(process: int) -> list[int]:
    """The worker processes; beside them there is one that looks after semaphores."""
    command = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in children(process)}
    return [child for child, line in command.items() if b"spawn_main" in line]


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain table of 120 edits."""
    return write_data(tmp_path_factory.mktemp("long") / "edits.csv", 120)


@pytest.fixture(scope="module")
def whole(long: Path) -> bytes:
    """What a run over the long table that is not cut off writes."""
    output = long.with_name("whole.jsonl")
    score_dataset(open_dataset(long), output, workers=1)
    return output.read_bytes()


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")


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
    assert printed == f"{output}: 120 of 120 rows scored\n"
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
    fails(capfd, arguments, 2, "scores.jsonl.part is what a run left that was cut off", "--resume")
    assert type_in(["score-dataset", *arguments, "--resume"]) == 0
    assert output.read_bytes() == whole


@needs_proc
def test_a_run_that_is_interrupted_says_how_to_go_on(long: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.jsonl"
    process = started([str(long), "-o", str(output), "--workers", "1"], start_new_session=True)
    wait_for(lambda: lines_of(part_file(output)) > 10, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to the workers too
    printed, error = process.communicate()
    assert process.returncode == 130
    assert printed == ""
    assert error.endswith("of 120 rows are done; go on with --resume\n")
    assert error.count("\n") == 1


def test_when_all_was_done_but_the_end(whole: bytes, long: Path, tmp_path: Path, capfd: Capture) -> None:
    """Killed while the table was written; after it was renamed; and when nothing is left."""
    output = tmp_path / "scores.jsonl"
    dataset = open_dataset(long)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "write_table", lambda *_: 1 / 0)
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
    assert type_in(["score-dataset", str(long), "-o", str(output), "--resume"]) == 0
    assert "is whole, nothing is left to do" in capfd.readouterr().out


@pytest.fixture
def cut(data: Path, tmp_path: Path) -> Path:
    """The output of a run that was cut off after some rows."""
    output = tmp_path / "scores.jsonl"

    def stop(progress: run.Progress) -> None:
        if progress.done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_dataset(open_dataset(data), output, workers=1, watch=stop)
    return output


def test_another_run_is_not_mixed_in(cut: Path, data: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    before = part_file(cut).read_bytes()
    arguments = [str(data), "-o", str(cut), "--resume", "--workers", "1"]
    fails(capfd, [*arguments, "--bundle", str(TOY)], 2, "belongs to another run: its bundle is not the same")
    fails(capfd, [*arguments, "--compat", "released"], 2, "its compat is not the same", "or delete the file")
    with monkeypatch.context() as patched:
        patched.setattr("editjudge.__version__", "9.9", raising=False)
        fails(capfd, arguments, 2, "its version is not the same")
    written = data.read_bytes()
    data.write_bytes(written.replace(b"r23", b"r24"))
    fails(capfd, arguments, 2, "its data set is not the same")
    data.write_bytes(written)
    assert part_file(cut).read_bytes() == before
    assert type_in(["score-dataset", *arguments]) == 0


@pytest.mark.parametrize("torn", [b'{"row": 23, "values": {"bpm": 1.0', b"\x00\x00"])
def test_a_line_that_was_cut_off_is_done_again(cut: Path, data: Path, torn: bytes) -> None:
    with part_file(cut).open("ab") as file:
        file.write(torn)
    assert score_dataset(open_dataset(data), cut, workers=1, resume=True).done == 24
    assert [row["id"] for row in read(cut)] == [f"r{number}" for number in range(24)]


@pytest.mark.parametrize("content", [b"\n", b"[]\n", b'{"row": 1}\n', b"\xff\n"])
def test_what_is_no_part_file(cut: Path, data: Path, content: bytes) -> None:
    with part_file(cut).open("ab") as file:
        file.write(content)
    with pytest.raises(InputError, match="is damaged or no part file; delete it"):
        score_dataset(open_dataset(data), cut, resume=True)


def test_a_part_file_of_which_not_even_the_first_line_is_whole(data: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.jsonl"
    part_file(output).write_bytes(b'{"data set": "12')
    assert score_dataset(open_dataset(data), output, workers=1, resume=True).done == 24


def test_rows_with_one_instruction_go_to_one_worker(tmp_path: Path) -> None:
    instructions = ["a"] * 3 + ["b"] + ["a"] * 10
    path = tmp_path / "edits.csv"
    path.write_text("\n".join(["original,edited,instruction", *(f"x,y,{each}" for each in instructions)]))
    tasks = local._tasks(open_dataset(path), [range(1, 5), range(6, 14)])
    assert [[number for number, _ in task] for task in tasks] == [[1, 2], [3], [4], [*range(6, 14)]]


# --- what is asked for wrongly ---


def test_what_is_refused(data: Path, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    output = str(tmp_path / "scores.jsonl")
    fails(capfd, [str(data)], 2, "--output")
    fails(capfd, [str(data), "-o", str(tmp_path / "scores.txt")], 2, "must end in .parquet, .csv or .jsonl")
    fails(capfd, [str(data), "-o", str(tmp_path / "no" / "scores.csv")], 2, "there is no folder")
    fails(capfd, [str(data), "-o", str(data)], 2, "would replace the data set")
    fails(capfd, [str(data), "-o", output, "--engine", "spark"], 2, "there is no engine 'spark'; choose one of local")
    fails(capfd, [str(data), "-o", output, "--workers", "0"], 2, "workers")
    fails(capfd, [str(data), "-o", output, "--device", "tpu"], 2, "there is no device 'tpu'")
    fails(capfd, [str(data), "-o", output, "--bundle", "nothing"], 3, "there is no bundle named 'nothing'")
    fails(capfd, [str(data), "-o", output, "--compat", "old"], 2, "compat")
    fails(capfd, ["nowhere.csv", "-o", output], 2, "nowhere.csv cannot be read")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    fails(capfd, [str(data), "-o", str(tmp_path / "s.parquet")], 3, "pip install 'editjudge[datasets]'")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", *[".png"] * 6]


def test_what_the_workers_cannot_open_ends_the_run(data: Path, tmp_path: Path, capfd: Capture) -> None:
    fails(capfd, [str(data), "-o", str(tmp_path / "s.csv"), "--device", "openvino"], 3, "openvino")


# --- Ray ---


def test_ray_is_named_where_it_is_missing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DeviceError, match=r"the engine ray needs Ray; pip install 'editjudge\[ray\]'"):
        score_dataset(open_dataset(data), tmp_path / "s.csv", engine="ray")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs the ray extra")
@pytest.mark.filterwarnings("default")  # Ray's own
def test_two_workers_on_ray_give_what_one_process_gives(whole: bytes, long: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.jsonl"
    progress = score_dataset(open_dataset(long), output, engine="ray", workers=2)
    assert (progress.rows, progress.done, progress.failed) == (120, 120, 0)
    assert output.read_bytes() == whole
