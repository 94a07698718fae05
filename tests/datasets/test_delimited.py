"""CSV as it comes: stray quotes, encodings, delimiters, headers, and long cells."""

from __future__ import annotations

import csv
import os
import threading
from pathlib import Path
from random import Random

import pytest

from editjudge.datasets import EditSample, open_dataset
from editjudge.errors import InputError

HEADER = "original,edited,instruction"


def read(folder: Path, content: str | bytes, encoding: str = "utf-8", name: str = "edits.csv") -> list[EditSample]:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return list(open_dataset(folder / name))


def with_rows(count: int, **instructions: str) -> str:
    """A table whose row r has the instruction `r=...`, by default "hop"; row 0 is in line 2."""
    rows = (f"{row},a.png,b.png,{instructions.get(f'r{row}', 'hop')}\n" for row in range(count))
    return f"id,{HEADER}\n" + "".join(rows)


def check_one_is_broken(rows: list[EditSample], count: int, broken: int, words: str) -> None:
    assert len(rows) == count
    assert [row.id for row in rows] == [str(number) for number in range(count)]
    assert {number for number, row in enumerate(rows) if row.instruction != "hop"} == {broken}
    assert words in str(rows[broken].problem)


def test_a_quote_that_is_never_closed_takes_no_other_row(tmp_path: Path) -> None:
    for broken in (0, 11, 1499):
        rows = read(tmp_path, with_rows(1500, **{f"r{broken}": '"hop'}))
        check_one_is_broken(rows, 1500, broken, f"line {broken + 2} opens a quote that it does not close")


@pytest.mark.parametrize(
    ("closing", "words"),
    [
        ("hop", "line 13 opens a quote that it does not close"),
        ('"hop, then jump"', "line 13 opens a quote that it does not close"),
        ('the 5" disk', "line 13 opens a quote that it does not close"),
        ('hop"', "line 13 opens a quote that is closed only below other rows"),
    ],
)
def test_a_quote_that_is_closed_in_another_row(tmp_path: Path, closing: str, words: str) -> None:
    rows = read(tmp_path, with_rows(400, r11='"hop', r300=closing))
    assert len(rows) == 400
    assert words in str(rows[11].problem)
    assert [row.problem for row in (*rows[:11], *rows[12:])] == [None] * 399
    assert rows[300].instruction == closing.strip('"') or closing == 'hop"'


def test_a_stray_quote_in_a_column_before_the_last(tmp_path: Path) -> None:
    rows = read(tmp_path, with_rows(30).replace("\n7,a.png", '\n7,"a.png').replace("\n9,a.png", '\n9,a.png"'))
    assert [number for number, row in enumerate(rows) if row.problem] == [7]
    assert len(rows) == 30


def test_texts_of_several_lines_stay_whole(tmp_path: Path) -> None:
    texts = ["make it red,\nand blue, big, bold", "one\r\ntwo\n\nthree, four", 'say ""hi"",\nthen, now, go', "a,b,c\nd"]
    rows = read(tmp_path, with_rows(4, **{f"r{row}": f'"{text}"' for row, text in enumerate(texts)}))
    assert [row.instruction for row in rows] == [text.replace('""', '"') for text in texts]
    assert [row.problem for row in rows] == [None] * 4


def test_a_text_behind_a_closing_quote(tmp_path: Path) -> None:
    rows = read(tmp_path, f'{HEADER}\na.png,b.png,"say "hi" to her"\na.png,b.png,hop\n')
    assert "line 2 goes on after a closing quote" in str(rows[0].problem)
    assert rows[1].instruction == "hop"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    content = f"{HEADER.replace(',', delimiter)}\na.png{delimiter}b.png{delimiter}让他微笑 é 🎈\n"
    for line_end in ("\n", "\r\n", "\r"):
        (row,) = read(tmp_path, content.replace("\n", line_end), encoding)
        assert row.edit() == (tmp_path / "a.png", tmp_path / "b.png", "让他微笑 é 🎈")


def test_the_delimiter_that_a_spreadsheet_was_told(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "sep=;\noriginal;edited;instruction\na.png;b.png;hop, now\n")
    assert row.instruction == "hop, now"
    (row,) = read(tmp_path, "original\tedited\tinstruction, in words\tinstruction\na\tb\tx\thop\n", name="edits.tsv")
    assert row.instruction == "hop"


def test_bytes_of_another_encoding(tmp_path: Path) -> None:
    """They spoil an instruction; in a path they still name the file, and elsewhere they are kept from the scores."""
    named = os.fsdecode("caf\xe9.png".encode("latin-1"))
    rows = read(tmp_path, f"{HEADER},note\na,b,caf\xe9,x\na,b,hop,caf\xe9\ncaf\xe9.png,b,hop,x\n", "latin-1")
    with pytest.raises(InputError, match=r"the instruction has characters that are cut or are no UTF-8; save"):
        rows[0].edit()
    assert rows[1].edit()[2] == "hop"
    assert rows[2].edit()[0] == tmp_path / named


def test_marks_in_the_middle_and_blank_lines(tmp_path: Path) -> None:
    rows = read(tmp_path, f"\n\ufeff{HEADER}\n\na.png,b.png,hop\n   \n\ufeffc.png,d.png,hop\n\n")
    assert [(row.original, row.edited) for row in rows] == [
        (tmp_path / "a.png", tmp_path / "b.png"),
        (tmp_path / "c.png", tmp_path / "d.png"),
    ]


def test_spaces_behind_commas(tmp_path: Path) -> None:
    (row,) = read(tmp_path, 'id, original, edited , instruction\n7, a.png, b.png, "hop, now"\n')
    assert (row.id, *row.edit()) == ("7", tmp_path / "a.png", tmp_path / "b.png", "hop, now")


def test_cells_without_a_name(tmp_path: Path) -> None:
    rows = read(tmp_path, f"{HEADER},,\na,b,hop,,\na,b,hop,,kept\na,b,hop,,,\na,b,hop,,,x\n")
    assert "column 5" not in rows[0].columns
    assert rows[1].columns["column 5"] == "kept"
    assert rows[2].problem is None
    assert "more cells than there are columns" in str(rows[3].problem)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"{HEADER},note,note\na,b,hop,1,2\n", "more than one column note; rename the others"),
        (f'{HEADER},"note\na,b,hop,1\n', "has no header that can be read: line 1 opens a quote that it does not close"),
        ("Original,Edited,Instruction\na,b,hop\n", "rename them to original, edited and instruction, in small letters"),
        (b"PK\x03\x04\x14\0\0\0\x08\0a,b\n", "is no text; save it as CSV in UTF-8"),
        ("\n\n", "has no rows; a table has its columns in the first line"),
    ],
)
def test_headers_that_cannot_be_used(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(InputError) as raised:
        read(tmp_path, content)
    assert words in str(raised.value)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    for name in ("edits.csv", "edits.json", "edits.parquet"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(InputError, match="it is a pipe and not a file"):
            open_dataset(tmp_path / name)


def test_the_limit_of_the_csv_module_stays_the_hosts(tmp_path: Path) -> None:
    before = csv.field_size_limit(1000)
    content = with_rows(40, r7="x" * 5000, r9=f'"{"y" * 300_000}"')
    try:
        found: list[list[EditSample]] = []
        (tmp_path / "edits.csv").write_text(content)
        readers = [
            threading.Thread(target=lambda: found.append(list(open_dataset(tmp_path / "edits.csv")))) for _ in range(4)
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(60)
        assert [len(rows) for rows in found] == [40] * 4
        for rows in found:
            assert [len(rows[row].instruction or "") for row in (6, 7, 8, 9)] == [3, 5000, 3, 300_000]
        half = iter(open_dataset(tmp_path / "edits.csv"))
        for _ in range(8):
            next(half)
        assert csv.field_size_limit() == 1000
    finally:
        csv.field_size_limit(before)


def test_no_line_vanishes_behind_stray_quotes(tmp_path: Path) -> None:
    """Whatever quotes are put into lines: every line without one is a row of its own, from wherever reading starts."""
    for seed in range(100):
        random = Random(seed)
        lines = [f"{row},a.png,b.png,hop" for row in range(40)]
        strays = random.sample(range(40), random.randint(1, 6))
        for row in strays:
            place = random.randint(0, len(lines[row]))
            lines[row] = f'{lines[row][:place]}"{lines[row][place:]}'
        (tmp_path / "edits.csv").write_text("\n".join([f"id,{HEADER}", *lines]))
        dataset = open_dataset(tmp_path / "edits.csv")
        rows = list(dataset)
        whole = {row.id for row in rows if row.problem is None and row.instruction == "hop"}
        assert whole >= {str(row) for row in range(40) if row not in strays}, seed
        assert [row.id for row in dataset.rows(17)] == [row.id for row in rows[17:]]
