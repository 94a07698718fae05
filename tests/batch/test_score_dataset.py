"""`editjudge score-dataset`, as it is typed: the table, broken rows, and what is asked for wrongly."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from editjudge import Scorer
from editjudge.batch import checkpoint, score_columns, score_dataset, table_writers
from editjudge.batch.runner import part_file
from editjudge.batch.score_columns import SCORE
from editjudge.cli.main import run
from editjudge.datasets import open_dataset
from editjudge.datasets.formulas import unescape_formula
from editjudge.metrics.dice.difference import Difference
from editjudge.types import EditIntent
from support.batch_runs import WORDLESS, assert_run_fails, read_rows
from support.scores import part_of, score_of

Capture = pytest.CaptureFixture[str]
NUMBERS = ("--compat", "released")
"""So that instructions without words get numbers: by our rules they ask for nothing."""


def test_the_table(data: Path, tmp_path: Path, capfd: Capture) -> None:
    outputs = [tmp_path / f"scores.{suffix}" for suffix in ("jsonl", "csv", "parquet")]
    for output, workers in zip(outputs, "112", strict=True):
        assert run(["score-dataset", str(data), "-o", str(output), "--workers", workers, *NUMBERS]) == 0
        assert capfd.readouterr().out == f"{output}: 24 of 24 rows scored\n"
        assert not part_file(output).exists()
    lines, texts, cells = map(read_rows, outputs)
    assert list(lines[0]) == [
        *("id", "group", "original", "edited", "instruction", "human", "model"), *SCORE, "error",
    ]  # fmt: skip
    assert list(texts[0]) == list(cells[0]) == list(lines[0])
    assert cells == lines
    for line, text in zip(lines, texts, strict=True):
        for name, value in line.items():
            if isinstance(value, float | int):
                assert float(text[name]) == value
            elif isinstance(value, list):
                assert json.loads(text[name]) == value
            else:
                assert unescape_formula(text[name]) == (value or "")

    scorer = Scorer.load("studio", "cpu", 1, compat="released")
    for number, line in enumerate(lines):
        assert line["id"] == f"r{number}"
        assert line["model"] == f"m{number % 3}"
        score = scorer.score(tmp_path / line["original"], tmp_path / line["edited"], WORDLESS)
        assert line["bpm"] == score.bpm
        assert line["semantic.modify_raw"] == score.semantic.modify_raw
        assert line["region.size"] is score.region.size is None
        assert line["flags"] == list(score.flags)
        assert line["explanation"] == score.explanation
        assert line["headline"] == score.headline
        assert line["kind"] == score.kind == "edit"
        assert line["verdict.decision"] == score.verdict.decision
        assert line["alignment.gain"] == list(score.alignment.gain)
        assert line["parts"] is None
        assert line["differences"] == len(score.differences)
        assert line["unasked_share"] == score.unasked_share
        assert line["error"] is None
    assert (
        len({line["semantic.modify_raw"] for line in lines}) == 6
    )  # of the edited picture alone, of which there are six
    assert len({line["changed_share"] for line in lines}) > 10


def test_metrics_are_further_columns(data: Path, tmp_path: Path, capfd: Capture) -> None:
    output = tmp_path / "scores.jsonl"
    assert run(["score-dataset", str(data), "-o", str(output), "--workers", "1", "--metrics", "l2,bpm,clip_i"]) == 0
    scorer = Scorer.load("studio", "cpu", 1)
    for line in read_rows(output)[:4]:
        pictures = tmp_path / line["original"], tmp_path / line["edited"]
        measured = scorer.score(*pictures, WORDLESS, metrics=["l2", "clip_i"]).metrics
        for name in ("l2", "clip_i"):
            assert line[f"metrics.{name}"] == pytest.approx(measured[name].value)
        assert "metrics.bpm" not in line
    capfd.readouterr()
    assert_run_fails(capfd, [str(data), "-o", str(tmp_path / "b.csv"), "--metrics", "l3"], 2, "there is no metric 'l3'")
    assert_run_fails(
        capfd, [str(data), "-o", str(tmp_path / "b.csv"), "--metrics", "lpips"], 3, "lpips", "which bundle studio lacks"
    )
    assert not (tmp_path / "b.csv").exists()


def test_the_columns_are_all_that_a_score_says_of_an_edit() -> None:
    scorer = Scorer.load("studio", "cpu", 1)
    picture = np.full((64, 64, 3), 90, np.uint8)
    names = set(dict(score_columns._flatten(scorer.score(picture, picture + 50, WORDLESS).to_dict())))
    machine = {name for name in names if name.startswith(("timings_ms.", "models."))}
    assert machine
    assert (names - machine) | {"worst_difference"} == set(SCORE)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_differences_are_counted_and_the_worst_is_named(tmp_path: Path, suffix: str) -> None:
    """Of those that were not asked for the strongest, which comes first; after a way through the part file."""
    asked = Difference("EDIT", "car", (5.0, 5.0, 40.0, 40.0), 0.2, 0.9, True, 0.97, "")
    gone = replace(asked, change="REMOVE", element="dog", box=(10.2, 20.0, 109.6, 90.0), coherent=False, coherence=0.1)
    nameless = replace(gone, element=None)
    unknown = replace(asked, coherent=None, coherence=None)
    score = score_of(part_of(EditIntent("color", "car", "blue car")))
    part = checkpoint.RunCheckpoint(tmp_path / "scores.part", {})
    found = (((asked, gone, nameless), 0.25), ((nameless,), 1.0), ((asked,), 0.0), ((unknown,), None), ((), None))
    for number, (differences, share) in enumerate(found):
        values = score_columns.score_values(replace(score, differences=differences, unasked_share=share))
        part.add(number, values, [])
    rows = [part[number] for number in range(len(found))]
    part.__exit__(None, None, None)
    output = tmp_path / f"scores.{suffix}"
    table_writers.write_table(output, lambda: iter(rows), score_columns.columns(()))
    written = [
        [row[name] for name in ("differences", "unasked_share", "worst_difference")] for row in read_rows(output)
    ]
    expected = [
        [3, 0.25, "REMOVE dog at 10,20,110,90"],
        [1, 1.0, "REMOVE at 10,20,110,90"],
        [1, 0.0, None],
        [1, None, None],
        [0, None, None],
    ]
    if suffix == "csv":
        expected = [["" if cell is None else str(cell) for cell in row] for row in expected]
    assert written == expected
    if suffix == "parquet":
        kinds = {field.name: str(field.type) for field in pq.read_schema(output)}
        names = ("differences", "unasked_share", "worst_difference")
        assert [kinds[name] for name in names] == ["int64", "double", "string"]


def test_broken_rows_are_told_and_counted(data: Path, tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    with data.open("a") as file:
        file.write(f"a,nowhere.png,0.png,{WORDLESS},m\nb,0.png,empty.png,{WORDLESS},m\nc,0.png,1.png,,m\nd,0.png\n")
        file.write(f"e,0.png,1.png,{WORDLESS},m,too,many\nf,0.png,1.png,{'x' * 5000},m\ng,0.png,1.png,{WORDLESS},m\n")
    output = tmp_path / "scores.parquet"
    assert run(["score-dataset", str(data), "-o", str(output), *NUMBERS]) == 0
    printed = capfd.readouterr().out
    assert printed.startswith(f"{output}: 25 of 31 rows scored, 6 not (column error), the last of them: ")
    rows = read_rows(output)
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
    assert_run_fails(
        capfd, [str(data), "-o", str(output)], 2, "the only row could not be scored", "a.png does not exist"
    )
    assert "a.png does not exist" in read_rows(output)[0]["error"]


def test_a_table_of_scores_can_be_scored_again(data: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    score_dataset(open_dataset(data), first, workers=1)
    score_dataset(open_dataset(first), second, workers=1)
    for before, after in zip(read_rows(first), read_rows(second), strict=True):
        assert after["bpm"] == before["bpm"] == after["input.bpm"]
        assert after["input.error"] is None
        assert json.loads(after["input.flags"]) == after["flags"]


def test_the_columns_of_a_data_set_keep_their_kinds(tmp_path: Path, data: Path) -> None:
    edit = {"original": "0.png", "edited": "1.png", "instruction": WORDLESS}
    edits = [
        {**edit, "whole": 1, "number": 1, "mixed": 1, "truth": True, "nested": {"a": [1]}, "none": None},
        {**edit, "whole": 2, "number": 2.5, "mixed": "x", "truth": False, "nested": None, "late": 3},
    ]
    (tmp_path / "edits.jsonl").write_text("\n".join(map(json.dumps, edits)))
    output = tmp_path / "scores.parquet"
    score_dataset(open_dataset(tmp_path / "edits.jsonl"), output, workers=1)
    schema = {field.name: str(field.type) for field in pq.read_schema(output)}
    assert [schema[name] for name in ("whole", "number", "mixed", "truth", "nested", "none", "late", "human")] == [
        "int64", "double", "string", "bool", "string", "string", "int64", "string",
    ]  # fmt: skip
    assert schema["bpm"] == schema["region.position"] == "double"
    assert schema["flags"].startswith("list")
    first, second = read_rows(output)
    assert (first["number"], first["mixed"], first["nested"], first["late"]) == (1.0, "1", '{"a": [1]}', None)
    assert (second["mixed"], second["late"]) == ("x", 3)


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    """As PSNR gives them of equal pictures; they are kept on their way through the part file."""
    part = checkpoint.RunCheckpoint(tmp_path / "scores.part", {})
    part.add(
        0, {"metrics.psnr": np.float32("inf"), "metrics.clip_t": np.float64("nan"), "metrics.l2": np.float32(0.5)}, []
    )
    values = part[0]
    added = score_columns.columns(("psnr", "clip_t", "l2"))
    rows = {}
    for suffix in ("csv", "jsonl", "parquet"):
        table_writers.write_table(tmp_path / f"scores.{suffix}", lambda: iter([values]), added)
        (rows[suffix],) = read_rows(tmp_path / f"scores.{suffix}")
    part.__exit__(None, None, None)
    names = ("metrics.psnr", "metrics.clip_t", "metrics.l2")
    assert [rows["csv"][name] for name in names] == ["inf", "", "0.5"]
    assert [rows["jsonl"][name] for name in names] == [None, None, 0.5]
    assert rows["parquet"]["metrics.psnr"] == np.inf
    assert rows["parquet"]["metrics.l2"] == 0.5


def test_what_was_not_measured_is_an_empty_cell(tmp_path: Path) -> None:
    """In columns of numbers all the same, and after a way through the part file; of a compound, the parts are kept."""
    intents = EditIntent("color", "car", "blue car"), EditIntent("remove", "tree", None)
    nothing = dict.fromkeys(("modify", "preserve", "position", "size"))
    alone = score_of(part_of(intents[0], **nothing), bpm=None, confidence=0.0)
    compound = score_of(part_of(intents[0]), part_of(intents[1], **nothing), bpm=None, confidence=0.0)
    part = checkpoint.RunCheckpoint(tmp_path / "scores.part", {})
    for number, score in enumerate((alone, compound)):
        part.add(number, score_columns.score_values(score), [])
    rows = [part[number] for number in range(2)]
    part.__exit__(None, None, None)
    empty = ("bpm", "semantic.score", "semantic.modify_raw", "region.position", "verdict.probability")
    for suffix in ("csv", "jsonl", "parquet"):
        output = tmp_path / f"scores.{suffix}"
        table_writers.write_table(output, lambda: iter(rows), score_columns.columns(()))
        first, second = read_rows(output)
        assert [first[name] or None for name in empty] == [None] * len(empty)
        assert first["verdict.decision"] == "not_judged"
        assert not first["parts"]
        assert not second["bpm"]
        assert json.loads(second["parts"]) == [one.to_dict() for one in compound.parts]
    schema = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "scores.parquet")}
    assert {schema[name] for name in empty} == {"double"}
    assert schema["alignment.shift"].startswith("list")
    assert schema["parts"] == schema["kind"] == "string"


def test_what_is_refused(data: Path, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    output = str(tmp_path / "scores.jsonl")
    assert_run_fails(capfd, [str(data)], 2, "--output")
    assert_run_fails(capfd, [str(data), "-o", str(tmp_path / "scores.txt")], 2, "must end in .parquet, .csv or .jsonl")
    assert_run_fails(capfd, [str(data), "-o", str(tmp_path / "no" / "scores.csv")], 2, "there is no folder")
    assert_run_fails(capfd, [str(data), "-o", str(data)], 2, "would replace the data set")
    assert_run_fails(
        capfd, [str(data), "-o", output, "--engine", "spark"], 2, "there is no engine 'spark'; choose one of local"
    )
    assert_run_fails(capfd, [str(data), "-o", output, "--workers", "0"], 2, "workers")
    assert_run_fails(capfd, [str(data), "-o", output, "--device", "tpu"], 2, "there is no device 'tpu'")
    assert_run_fails(capfd, [str(data), "-o", output, "--bundle", "nothing"], 3, "there is no bundle named 'nothing'")
    assert_run_fails(capfd, [str(data), "-o", output, "--compat", "old"], 2, "compat")
    assert_run_fails(capfd, ["nowhere.csv", "-o", output], 2, "nowhere.csv cannot be read")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert_run_fails(capfd, [str(data), "-o", str(tmp_path / "s.parquet")], 3, "pip install 'editjudge[datasets]'")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", *[".png"] * 6]
