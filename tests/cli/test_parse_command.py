"""`editjudge parse`: one instruction, many, from files, and what is wrong with them."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import pytest

from editjudge.cli.main import run
from support.fresh_process import run_python

Capture = pytest.CaptureFixture[str]
ASKED = ["Make the car blue.", "remove the tree and the bench", "🚗"]


def test_one(capfd: Capture) -> None:
    assert run(["parse", ASKED[0], "--json"]) == 0
    content = json.loads(capfd.readouterr().out)
    assert (content["instruction"], content["edit_type"], content["source"]) == (ASKED[0], "color", "car")
    assert content["target"] == "blue car"
    assert set(content["certainty"]) == {"edit_type", "source", "target", "anchor", "size", "position", "whole"}
    assert 0.5 < content["certainty"]["whole"] <= 1
    assert len(content["parts"]) == 1
    assert (content["flags"], content["by"]) == ([], "parser")


def test_one_for_people(capfd: Capture) -> None:
    assert run(["parse", ASKED[1]]) == 0
    first, second, flag, *_ = capfd.readouterr().out.splitlines()
    assert first.startswith("remove: tree → nothing  ")
    assert first.endswith(" % sure")
    assert second.startswith("remove: bench → nothing  ")
    assert flag.startswith("compound: ")


def test_several(capfd: Capture) -> None:
    assert run(["parse", *ASKED]) == 0
    printed = capfd.readouterr().out
    assert all(instruction in printed for instruction in ASKED)
    assert "color: car → blue car" in printed
    assert "parse uncertain: " in printed


@pytest.mark.parametrize("name", ["asked.txt", "asked.jsonl"])
def test_a_file(tmp_path: Path, capfd: Capture, name: str) -> None:
    source, output = tmp_path / name, tmp_path / "found.jsonl"
    lines = [json.dumps({"instruction": text}) for text in [*ASKED, ""]] if name.endswith("jsonl") else ASKED
    source.write_text("\n".join(lines))
    assert run(["parse", "--file", str(source), "-o", str(output)]) == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["instruction"] for row in rows[:3]] == ASKED
    assert [len(row["parts"]) for row in rows[:3]] == [1, 2, 1]
    assert rows[2]["flags"] == ["parse_uncertain"]
    out, err = capfd.readouterr()
    assert err == ""
    if name.endswith("jsonl"):
        assert "is empty" in rows[3]["error"]
        assert out.rstrip().endswith("1 could not be read")
    assert run(["parse", "--file", str(source), "--json"]) == 0
    assert [json.loads(line) for line in capfd.readouterr().out.splitlines()] == rows


def test_a_file_from_elsewhere(tmp_path: Path, capfd: Capture) -> None:
    """Saved by a spreadsheet, with blank lines, separators of lines within a text, and half of a character."""
    texts = ["🚗", "🚗\u2028🚗", "🚗\x85", "🚗\ud800"]
    plain, lines, output = tmp_path / "asked.txt", tmp_path / "asked.jsonl", tmp_path / "found.jsonl"
    plain.write_bytes("\r\n".join([*texts[:3], "", ""]).encode("utf-16"))
    objects = [json.dumps({"instruction": text}, ensure_ascii="\ud800" in text) for text in texts]
    lines.write_text("\ufeff" + "\n\n".join(objects), encoding="utf-8")
    for source, expected in ((plain, texts[:3]), (lines, [*texts[:3], "🚗\ufffd"])):
        assert run(["parse", "--file", str(source), "--json"]) == 0
        printed = capfd.readouterr().out.split("\n")[:-1]
        assert [json.loads(line)["instruction"] for line in printed] == expected
        assert run(["parse", "--file", str(source), "-o", str(output)]) == 0
        assert output.read_bytes().decode().split("\n")[:-1] == printed
        assert run(["parse", "--file", str(output), "--json"]) == 0
        assert [json.loads(line)["instruction"] for line in capfd.readouterr().out.split("\n")[1:-1]] == expected


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "there is no instruction; give one"),
        (["  "], "instruction is empty"),
        (["--file", "none.txt"], "none.txt cannot be read"),
        (
            ["--file", "/dev/zero"],
            "/dev/zero cannot be read: it is a device or a socket and not a file; give a text file",
        ),
        (["--file", "."], ". cannot be read: it is a folder"),
        (["--file", "sparse.txt"], "sparse.txt cannot be read: it is larger than 67,108,864 bytes; give a text file"),
        (["--file", "long.txt"], "line 2 of long.txt has over 1,048,576 characters; write one instruction a line"),
        (["--file", "zeros.txt"], "line 1 of zeros.txt is no text; save the file as UTF-8"),
        (["--file", "n" * 70_000], "cannot be read: File name too long"),
        (["--file", "bad.jsonl"], "line 2 of bad.jsonl is no JSON object"),
        (["--file", "null.jsonl"], "line 1 of null.jsonl is no JSON object"),
        (["--file", "deep.jsonl"], "line 1 of deep.jsonl is no JSON object"),
        (["--file", "latin.txt"], "line 2 of latin.txt is not UTF-8; save the file as UTF-8"),
        (["--file", "bad.jsonl", "-o", "./bad.jsonl"], "would replace an input"),
        (["make it red", "-o", "none/found.jsonl"], "none"),
        (["make it red", "--device", "abacus"], "there is no device 'abacus'"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture, arguments: list[str], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.jsonl").write_text('{"instruction": "make it red"}\n{"text": "make it red"}\n')
    Path("deep.jsonl").write_text("[" * 99_999)
    Path("latin.txt").write_bytes("make it red\nremove the caf\xe9\n".encode("latin-1"))
    Path("long.txt").write_text("make it red\n" + "x" * (2**20 + 1))
    Path("zeros.txt").write_bytes(b"hop" + bytes(100))
    with Path("sparse.txt").open("wb") as sparse:
        sparse.truncate(2**33)
    Path("null.jsonl").write_text('{"instruction": null}\n')
    assert run(["parse", *arguments]) == 2
    out, err = capfd.readouterr()
    assert complaint in err
    assert len(err.splitlines()) == 1
    assert out == ""


ENDLESS = """
import os, resource, subprocess, sys
from editjudge.cli.main import run

resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
source = subprocess.Popen(["yes", "make it red"], stdout=subprocess.PIPE)
os.dup2(source.stdout.fileno(), 0)
status = run(["parse", "--file", sys.argv[1]])
source.kill()
source.wait()
sys.exit(status)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_a_pipe_that_never_ends(name: str) -> None:
    done = run_python(ENDLESS, name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"editjudge: {name} cannot be read: it is larger than 67,108,864 bytes; "
        "give a text file, one instruction a line\n"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
def test_a_pipe_with_a_name(tmp_path: Path, capfd: Capture) -> None:
    pipe, output = tmp_path / "pipe", tmp_path / "found.jsonl"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("🚗\n",), kwargs={"encoding": "utf-8"})
    writer.start()
    assert run(["parse", "--file", str(pipe), "-o", str(output)]) == 0
    writer.join()
    assert json.loads(output.read_text())["instruction"] == "🚗"
    assert capfd.readouterr().out == f"1 instruction in {output}\n"
