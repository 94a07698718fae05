"""Tables of scores that can be written whatever is in them, opened in a spreadsheet, and read again as they were."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from editjudge.batch import score_dataset
from editjudge.batch.score_columns import columns
from editjudge.batch.table_writers import merge_row, write_table
from editjudge.cli.main import run
from editjudge.datasets import open_dataset
from editjudge.datasets.formulas import escape_formula, unescape_formula
from editjudge.evaluation import read_scores
from support.batch_runs import WORDLESS, read_rows

ADDED = columns(())
EDIT = {"original": "0.png", "edited": "1.png", "instruction": WORDLESS}
SUFFIXES = (".csv", ".jsonl", ".parquet")
FORMULAS = (
    *(
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff201",
        "-",
        "+++",
    ),
    *("'=1", "''=1", "'-0.5", "-inf", "-1_000"),
)
HARMLESS = ("", "make it red", "-0.5", "+3", "-1e5", "-.5", "'tis red", "''", "a=1", " =1", "1-2", "7")


def write(path: Path, *rows: Mapping[str, Any], **options: bool) -> Path:
    write_table(path, lambda: iter(rows), ADDED, **options)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_half_a_character_is_replaced_wherever_it_is(tmp_path: Path, suffix: str) -> None:
    cut = "x\ud800y"
    row = {
        **{"id": cut, "instruction": cut, "note": "caf\udce9", "nested": {"a": [cut]}},
        **{
            "headline": cut,
            "error": cut,
            "flags": [cut],
            "regions.edited": [{"phrase": cut, "box": [1.0], "score": 1.0}],
        },
    }
    (read,) = read_rows(write(tmp_path / f"scores{suffix}", row))
    for name in ("id", "instruction", "headline", "error"):
        assert read[name] == "x\ufffdy"
    assert read["note"] == "caf\ufffd"
    for name in ("nested", "flags", "regions.edited"):
        text = read[name] if isinstance(read[name], str) else json.dumps(read[name], ensure_ascii=False)
        assert "x\ufffdy" in json.dumps(json.loads(text), ensure_ascii=False)


def test_formulas_stand_behind_an_apostrophe(tmp_path: Path) -> None:
    rows = [{"=id": text, "human": -0.5, "instruction": text} for text in (*FORMULAS, *HARMLESS)]
    path = write(tmp_path / "scores.csv", *rows)
    with path.open(newline="", encoding="utf-8") as file:
        header, *cells = csv.reader(file)
    assert header[:3] == ["'=id", "human", "instruction"]
    assert [row[0] for row in cells] == [f"'{text}" for text in FORMULAS] + list(HARMLESS)
    assert {row[1] for row in cells} == {"-0.5"}
    assert read_scores(path).columns["=id"] == tuple(row["=id"] for row in rows)
    kept = write(tmp_path / "kept.csv", *rows, keep_formulas=True)
    with kept.open(newline="", encoding="utf-8") as file:
        assert [row[0] for row in csv.reader(file)] == ["=id", *FORMULAS, *HARMLESS]
    for other in (".jsonl", ".parquet"):
        assert [row["=id"] for row in read_rows(write(tmp_path / f"scores{other}", *rows))] == [*FORMULAS, *HARMLESS]


@pytest.mark.parametrize("text", [*FORMULAS, *HARMLESS])
def test_the_apostrophe_is_taken_away_again(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text
    assert unescape_formula(escape_formula(escape_formula(text))) == escape_formula(text)


def test_a_csv_file_of_ours_is_read_as_it_was(tmp_path: Path) -> None:
    texts = [
        *FORMULAS,
        " led by a space",
        "two\rlines",
        "two\nlines",
        "two\r\nlines",
        'a "quote"',
        '"',
        "a;b,c\td|e",
        "é",
    ]
    rows = [{"id": str(number), **EDIT, "note": text} for number, text in enumerate(texts)]
    path = write(tmp_path / "scores.csv", *rows)
    assert [row.columns["note"] for row in open_dataset(path)] == texts
    assert [row.instruction for row in open_dataset(path)] == [WORDLESS] * len(texts)
    assert list(read_scores(path).columns["note"]) == texts


def test_a_spreadsheets_version_of_our_table_is_evaluated(tmp_path: Path) -> None:
    path = write(tmp_path / "scores.csv", {"id": "a", "human": 0.5, "note": "=1"}, {"id": "b", "human": 2, "note": "x"})
    path.write_bytes(path.read_text(encoding="utf-8").replace(",", "\t").encode("utf-16"))
    table = read_scores(path)
    assert table.texts("id", "") == ["a", "b"]
    assert list(table.numbers("human", "")) == [0.5, 2]
    assert table.labels("note") == ["=1", "x"]


def test_columns_with_the_names_of_ours_stay_apart() -> None:
    names = ["bpm", "input.bpm", "input.input.bpm", "error", "input.note", "note"]
    row = merge_row({name: name for name in names}, {"bpm": 1.0}, ADDED)
    assert row == {
        **{"bpm": 1.0, "input.bpm": "bpm", "input.input.bpm": "input.bpm", "input.input.input.bpm": "input.input.bpm"},
        **{"input.error": "error", "input.note": "input.note", "note": "note"},
    }
    assert merge_row({"input.bpm": 2}, {}, ADDED) == {"input.input.bpm": 2}  # also where another row has both


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_numbers_of_any_size_share_a_column(tmp_path: Path, suffix: str) -> None:
    rows = [{"n": 2**60}, {"n": 0.5}, {"n": None}, {"n": float("nan")}]
    path = write(tmp_path / f"scores{suffix}", *rows)
    assert float(read_rows(path)[0]["n"]) == 2**60
    big = write(tmp_path / f"big{suffix}", {"n": 2**64}, {"n": 10**300})
    assert [int(row["n"]) for row in read_rows(big)] == [2**64, 10**300]


def test_a_run_over_a_damaged_table(data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each row that cannot be scored says why, all others are, and a later run reads the same."""
    lines = [
        json.dumps({**EDIT, "id": "whole", "bpm": 1, "input.bpm": 2}),
        json.dumps({**EDIT, "note": "x\ud800y"}),
        json.dumps({**EDIT, "instruction": "x\ud800y"}),
        json.dumps({**EDIT, "original": "\ud800.png"}),
        json.dumps(EDIT)[:-1] + f', "n": {"[" * 400 + "]" * 400}}}',
    ]
    table = data.with_name("damaged.jsonl")
    table.write_text("\n".join(lines))
    outputs = [tmp_path / "scores.csv", tmp_path / "scores.parquet"]
    for output, options in zip(outputs, (["--keep-formulas"], []), strict=True):
        arguments = [str(table), "-o", str(output), "--workers", "1", "--compat", "released"]
        assert run(["score-dataset", *arguments, *options]) == 0
        assert "2 of 5 rows scored, 3 not (column error)" in capfd.readouterr().out
        rows = read_rows(output)
        words = ("characters that are cut", "cannot be read", "more than 100 lists")
        assert [not row["error"] for row in rows] == [True, True, False, False, False]
        assert all(word in row["error"] for word, row in zip(words, rows[2:], strict=True))
        assert (rows[0]["instruction"], rows[1]["note"]) == (WORDLESS, "x\ufffdy")
        assert (float(rows[0]["input.bpm"]), float(rows[0]["input.input.bpm"])) == (1, 2)
    again = tmp_path / "again.jsonl"
    score_dataset(open_dataset(outputs[0]), again, workers=1, compat="released")
    assert [row["bpm"] for row in read_rows(again)][:2] == [row["bpm"] for row in read_rows(outputs[1])][:2]
