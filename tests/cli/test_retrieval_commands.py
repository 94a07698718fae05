"""`editjudge index` and `editjudge find`: a table, JSON and a page; and one clear answer to whatever is handed in."""

from __future__ import annotations

import html
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.cli.main import run
from support.colour_edits import write_colour_edits
from support.command_line import assert_fails
from support.pair_bundle import make_pair_bundle

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_pair_bundle(tmp_path_factory.mktemp("bundle") / "toy")


@pytest.fixture
def folder(tmp_path: Path, bundle: Bundle, capfd: Capture) -> Path:
    """Of an index of four edits; `bundle` made it, which has no name that could be found."""
    data = write_colour_edits(tmp_path)
    output = tmp_path / "index"
    assert run(["index", str(data), "--output", str(output), "--bundle", str(bundle.folder), "--device", "cpu"]) == 0
    assert capfd.readouterr() == (f"{output}: 4 of 4 rows indexed\n", "")
    return output


def find(folder: Path, bundle: Bundle, *arguments: str) -> list[str]:
    return ["find", *arguments, "--index", str(folder), "--bundle", str(bundle.folder), "--device", "cpu"]


def test_by_words_as_json(capfd: Capture, folder: Path, bundle: Bundle) -> None:
    """In the toy world "cat" has no pictures of its own, and lies nearest to what became red."""
    assert run(find(folder, bundle, "cat", "--top", "2", "--json")) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    assert printed.count("\n") == 1
    content = json.loads(printed)
    assert content["query"] == {"instruction": "cat"}
    assert content["flags"] == []
    assert (content["index"], content["count"], content["encoder"]) == (str(folder), 4, "edit_clip")
    assert content["bundle"] == "toy 1"
    assert [(one["rank"], one["id"], one["instruction"]) for one in content["found"]] == [
        (1, "reddened", "cat"), (2, "greened", "dog"),
    ]  # fmt: skip
    assert content["found"][0]["cosine"] > content["found"][1]["cosine"]


def test_by_an_edit_as_json(capfd: Capture, folder: Path, bundle: Bundle) -> None:
    red, black = str(folder.parent / "red.png"), str(folder.parent / "black.png")
    assert run(find(folder, bundle, red, black, "--json")) == 0
    content = json.loads(capfd.readouterr().out)
    assert content["query"] == {"original": red, "edited": black}
    assert [one["id"] for one in content["found"]] == ["blackened", "greened", "blued", "reddened"]
    assert [one["cosine"] for one in content["found"]] == pytest.approx([1, 0, 0, -1], abs=1e-5)


@pytest.mark.parametrize("columns", [40, 100])
def test_for_people(
    capfd: Capture, folder: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(find(folder, bundle, "cat")) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    assert "\x1b" not in printed
    assert max(map(len, printed.splitlines())) <= columns
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert lines[:2] == ["cat", "cosine id instruction"]
    assert re.fullmatch(r"1 0\.\d{3} reddened cat", lines[2])
    assert "4 nearest of 4 edits of edits.csv" in " ".join(lines)


def test_a_page(capfd: Capture, tmp_path: Path, bundle: Bundle) -> None:
    """It needs nothing else, and shows hostile texts as they are."""
    data = write_colour_edits(tmp_path, extra="<b>bold</b>,black.png,red.png,<script>alert(1)</script> cat\n")
    folder, report = tmp_path / "index", tmp_path / "page.html"
    assert run(["index", str(data), "-o", str(folder), "--bundle", str(bundle.folder)]) == 0
    capfd.readouterr()
    assert run(find(folder, bundle, "<i>cat</i>", "--report", str(report))) == 0
    page = report.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "<i>cat" not in page
    assert html.escape("<i>cat</i>") in page
    assert html.escape("<script>alert(1)</script> cat") in page
    assert not re.search(r"(src|href)=\"(?!data:image/jpeg;base64,)", page)
    assert page.count("data:image/jpeg;base64,") == 10  # both pictures of five edits
    assert "toolbar" not in page
    pictures = [str(tmp_path / f"{name}.png") for name in ("black", "red")]
    assert run(find(folder, bundle, *pictures, "--report", str(report))) == 0
    page = report.read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 12  # and of the query
    assert "black.png → red.png" in page


def test_a_long_instruction_is_cut_and_that_is_told(capfd: Capture, folder: Path, bundle: Bundle) -> None:
    long = "cat " * 300
    assert run(find(folder, bundle, long, "--json")) == 0
    printed, error = capfd.readouterr()
    content = json.loads(printed)
    assert content["flags"] == ["cut_short"]
    assert content["found"][0]["id"] == "reddened"
    assert error.startswith("editjudge: note: The instruction is longer")
    assert error.count("\n") == 1


def test_rows_that_are_left_out_are_named(capfd: Capture, tmp_path: Path, bundle: Bundle) -> None:
    extra = "".join(f"gone{number},black.png,nowhere{number}.png,cat\n" for number in range(12))
    data = write_colour_edits(tmp_path, extra=extra)
    output = tmp_path / "index"
    assert run(["index", str(data), "-o", str(output), "-b", str(bundle.folder), "--device", "cpu"]) == 0
    printed, error = capfd.readouterr()
    assert printed == f"{output}: 4 of 16 rows indexed, 12 left out\n"
    lines = error.splitlines()
    assert len(lines) == 11
    assert lines[0].startswith("editjudge: row gone0 is left out: ")
    assert "nowhere0.png does not exist" in lines[0]
    assert lines[10].startswith("editjudge: and 2 more")


def test_a_whole_index_has_nothing_to_go_on_with(capfd: Capture, folder: Path, bundle: Bundle) -> None:
    command = ["index", str(folder.parent / "edits.csv"), "-o", str(folder), "-b", str(bundle.folder)]
    assert run([*command, "--resume"]) == 0
    assert capfd.readouterr().out == f"{folder} is whole, of 4 rows; nothing is left to do\n"
    assert_fails(capfd, command, 2, str(folder), "exists already")


def test_the_index_of_other_edits_is_not_taken_for_whole(capfd: Capture, folder: Path, bundle: Bundle) -> None:
    others = folder.parent / "others.csv"
    others.write_text((folder.parent / "edits.csv").read_text())
    options = ["-o", str(folder), "-b", str(bundle.folder), "--resume"]
    said = "is the index of 4 rows of edits.csv by edit_clip, and not of these; name another folder"
    assert_fails(capfd, ["index", str(others), *options], 2, said)
    assert_fails(capfd, ["index", str(folder.parent / "nowhere.csv"), *options], 2, "nowhere.csv")
    same = ["index", str(folder.parent / "edits.csv"), *options, "--encoder", "vifi_clip"]
    assert_fails(capfd, same, 2, said)


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        (["cat", "--top", "0"], (2, "--top is 0; give a whole number from 1 to 10,000")),
        ([" "], (2, "the instruction is empty")),
        (["a.png", "b.png", "c.png"], (2, "there are 3 arguments; give one instruction")),
        (["{red}"], (2, "is a file, not an instruction; give both pictures")),
        (["{red}", "nowhere.png"], (2, "nowhere.png does not exist")),
        (["{red}", "{data}"], (2, "edits.csv")),
        (["cat", "--report", "page.txt"], (2, "must end in .html")),
        (["cat", "--bundle", "studio"], (3, "was made by edit_clip of bundle toy 1, and bundle studio")),
        (["cat", "--bundle", "none"], (3, "there is no bundle named 'none'")),
        (["cat", "--index", "{data}"], (2, "is no index of edits")),
    ],
)
def test_what_cannot_be_looked_for(
    capfd: Capture, folder: Path, bundle: Bundle, arguments: list[str], outcome: tuple[int, str]
) -> None:
    places = {"red": folder.parent / "red.png", "data": folder.parent / "edits.csv"}
    given = [argument.format(**places) for argument in arguments]
    defaults = [] if "--bundle" in given else ["--bundle", str(bundle.folder)]
    defaults += [] if "--index" in given else ["--index", str(folder)]
    assert_fails(capfd, ["find", *given, *defaults], *outcome)


def test_a_bundle_that_has_no_name_here(capfd: Capture, folder: Path) -> None:
    assert_fails(
        capfd, ["find", "cat", "--index", str(folder)], 3, "was made by bundle toy 1", "give its folder with --bundle"
    )


def test_an_index_of_another_encoder_says_which_one_made_it(capfd: Capture, folder: Path, bundle: Bundle) -> None:
    path = folder / "index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"encoder": "vifi_clip"}))
    assert_fails(capfd, find(folder, bundle, "cat"), 3, "was made by vifi_clip of bundle toy 1")


def test_data_that_is_none(capfd: Capture, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("original,edited,instruction\n")
    for data, words in ((empty, "has no rows"), (tmp_path / "none.csv", "none.csv cannot be read")):
        assert_fails(capfd, ["index", str(data), "-o", str(tmp_path / "index"), "--encoder", "vifi_clip"], 2, words)
    assert list(tmp_path.iterdir()) == [empty]


def test_a_run_that_is_asked_to_end_says_how_to_go_on(capfd: Capture, tmp_path: Path, bundle: Bundle) -> None:
    """Interrupted when the first rows are on disk; the next run does the others."""
    data, output = write_colour_edits(tmp_path, times=50), tmp_path / "index"
    code = """
import sys
from editjudge.cli import main
from editjudge.retrieval import build
build.SECONDS = 0.0
add = build.IndexDraft.add
def add_and_wait(draft, *rows):
    add(draft, *rows)
    print("written", flush=True)
    sys.stdin.readline()
build.IndexDraft.add = add_and_wait
sys.exit(main.run(sys.argv[1:]))
"""
    command = ["index", str(data), "-o", str(output), "-b", str(bundle.folder), "--device", "cpu"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, *command], text=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "written\n"
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.fullmatch(r"editjudge: \d+ of 200 rows are done; go on with --resume\n", error)
    assert run([*command, "--resume"]) == 0
    assert capfd.readouterr().out == f"{output}: 200 of 200 rows indexed\n"
