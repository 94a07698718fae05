"""The command line: exit status, one line on stderr per error, JSON and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from editjudge.backends.onnx.providers import find_problem
from editjudge.cli.main import run
from editjudge.datasets.demo import DemoInput, load_demo
from support.command_line import assert_fails

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def pictures(grey_edit: tuple[Path, Path]) -> tuple[str, str]:
    original, edited = grey_edit
    return str(original), str(edited)


@pytest.fixture(scope="module")
def color() -> DemoInput:
    return next(each for each in load_demo() if each.id == "color")


def test_version(capfd: Capture) -> None:
    assert run(["--version"]) == 0
    assert capfd.readouterr().out.startswith("editjudge ")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["score", "--help"], ["bundle", "--help"]])
def test_help(capfd: Capture, arguments: list[str]) -> None:
    assert run(arguments) == 0
    printed, error = capfd.readouterr()
    assert "Usage: editjudge" in printed
    assert error == ""


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["score"], "ORIGINAL"),
        (["score", "a.png", "b.png"], "INSTRUCTION"),
        (["rank", "a.png", "Make it blue."], "EDITED"),
        (["rank", "a.png", "Make it blue.", "b.png", "--threads", "0"], "threads"),
        (["score", "a.png", "b.png", "Make it blue.", "--colour"], "--colour"),
        (["paint"], "paint"),
        (["bundle", "paint"], "paint"),
        (["bench", "--rounds", "0"], "rounds"),
        (["bench", "--rounds", "many"], "rounds"),
    ],
)
def test_usage(capfd: Capture, arguments: list[str], word: str) -> None:
    assert_fails(capfd, arguments, 2, word)


def test_missing_picture(capfd: Capture, pictures: tuple[str, str]) -> None:
    assert_fails(capfd, ["score", pictures[0], "nowhere.png", "Make it blue."], 2, "nowhere.png", "does not exist")
    assert_fails(capfd, ["rank", "nowhere.png", "Make it blue.", pictures[1]], 2, "nowhere.png", "does not exist")


@pytest.mark.parametrize("content", [b"", b"this is no picture"])
def test_not_a_picture(capfd: Capture, pictures: tuple[str, str], content: bytes) -> None:
    Path(pictures[1]).write_bytes(content)
    assert_fails(capfd, ["score", *pictures, "Make it blue."], 2, "edited.png")


def test_control_characters_in_an_error_are_not_sent_to_the_terminal(capfd: Capture) -> None:
    assert_fails(capfd, ["score", "\x1b[31mred\n.png", "b.png", "Make it blue."], 2, "does not exist")


def test_unknown_bundle(capfd: Capture, pictures: tuple[str, str]) -> None:
    assert_fails(capfd, ["score", *pictures, "Make it blue.", "--bundle", "nowhere"], 3, "nowhere")
    assert_fails(capfd, ["bundle", "verify", "nowhere"], 3, "nowhere")


def test_damaged_bundle(capfd: Capture, pictures: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "bundle.toml").write_text("format = ", encoding="utf-8")
    assert_fails(capfd, ["score", *pictures, "Make it blue.", "--bundle", str(tmp_path / "damaged")], 3, "malformed")


def test_unknown_device_and_rules(capfd: Capture, pictures: tuple[str, str]) -> None:
    toy = str(Path(__file__).parents[1] / "fixtures" / "toy")
    assert_fails(
        capfd, ["score", *pictures, "Make it blue.", "--bundle", toy, "--device", "abacus"], 2, "abacus", "cpu"
    )
    assert_fails(
        capfd, ["score", *pictures, "Make it blue.", "--bundle", toy, "--compat", "guessed"], 2, "guessed", "released"
    )
    assert_fails(capfd, ["score", *pictures, "Make it blue.", "--accept-at", "2"], 2, "--accept-at", "from 0 to 1")


@pytest.mark.skipif(find_problem("cuda") is None, reason="there is CUDA here")
def test_a_device_that_is_not_there(capfd: Capture, pictures: tuple[str, str]) -> None:
    assert_fails(capfd, ["score", *pictures, "Make it blue.", "--device", "cuda"], 3, "device cuda needs")


@pytest.mark.parametrize("option", ["--report", "--mask"])
def test_outputs_are_tried_before_anything_is_scored(
    capfd: Capture, pictures: tuple[str, str], tmp_path: Path, option: str
) -> None:
    # The bundle does not exist either: that the output is what is complained of shows what was looked at first.
    command = ["score", *pictures, "Make it blue.", "--bundle", "nowhere", option]
    before = Path(pictures[0]).read_bytes(), sorted(tmp_path.iterdir())
    assert_fails(capfd, [*command, str(tmp_path)], 2, "it is a folder")
    assert_fails(capfd, [*command, str(tmp_path / "no" / "such.html")], 2, "there is no folder")
    assert_fails(capfd, [*command, pictures[0]], 2, "replace an input")
    assert_fails(capfd, [*command, os.devnull], 2, "not an ordinary file")
    assert (Path(pictures[0]).read_bytes(), sorted(tmp_path.iterdir())) == before


@pytest.mark.parametrize("place", [1, 4])
def test_debug_shows_the_traceback(capfd: Capture, pictures: tuple[str, str], place: int) -> None:
    arguments = ["score", pictures[0], "nowhere.png", "Make it blue."]
    arguments.insert(place, "--debug")
    assert run(arguments) == 2
    error = capfd.readouterr().err
    assert "Traceback" in error
    assert error.splitlines()[-1].startswith("editjudge: nowhere.png")


def test_interrupt_is_quiet(tmp_path: Path) -> None:
    code = """
import sys, time
from editjudge.cli import main
from editjudge.cli.commands import score
score.load_picture = lambda path: (print("loading", flush=True), time.sleep(60))
sys.exit(main.run(["score", "a.png", "b.png", "Make it blue."]))
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loading\n"
        process.send_signal(signal.SIGINT)
        printed, error = process.communicate(timeout=30)
    assert (process.returncode, printed, error) == (130, "", "")


def test_empty_instruction(capfd: Capture, pictures: tuple[str, str]) -> None:
    assert_fails(capfd, ["score", *pictures, " "], 2, "instruction")


def test_score_as_json_with_report_and_mask(capfd: Capture, color: DemoInput, tmp_path: Path) -> None:
    edited = next(each.file for each in color.candidates if each.label == "well done")
    report, mask = tmp_path / "report.html", tmp_path / "mask.png"
    command = ["score", str(color.original), str(edited), color.instruction, "--json"]
    assert run([*command, "--report", str(report), "--mask", str(mask)]) == 0
    printed, error = capfd.readouterr()
    content = json.loads(printed)
    assert printed.count("\n") == 1
    assert error == ""
    assert set(content) == {
        "bpm", "semantic", "region", "confidence", "verdict", "headline", "kind", "changed_share", "alignment", "flags",
        "explanation", "intent", "parts", "regions", "timings_ms", "bundle", "version", "models", "differences",
        "unasked_share", "looked_at", "expected_rating", "left_out",
    }  # fmt: skip
    assert 0 <= content["bpm"] <= 2
    assert set(content["models"]) == {
        "detector",
        "sam_encoder",
        "sam_decoder",
        "clip_vision",
        "clip_text",
        "difference",
        "parser",
    }
    assert all(set(ran) == {"device", "provider", "form", "cpu_nodes", "reason"} for ran in content["models"].values())
    assert content["models"]["parser"]["provider"] == "llama.cpp"
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")
    written = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
    assert written.shape == cv2.imread(str(color.original)).shape[:2]
    assert set(np.unique(written)) <= {0, 255}


def test_score_for_people(capfd: Capture, color: DemoInput, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["score", str(color.original), str(color.candidates[0].file), color.instruction, "--accept-at", "0"]
    for columns in (40, 60, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert run(command) == 0
        printed = capfd.readouterr().out
        assert "\x1b" not in printed
        assert max(map(len, printed.splitlines())) <= columns
        for word in ("BPM", "modify", "preserve", "position", "size", "confidence"):
            assert word in printed


def test_rank(capfd: Capture, color: DemoInput, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.touch()
    files = [str(broken), *(str(each.file) for each in color.candidates)]
    assert run(["rank", str(color.original), color.instruction, *files, "--json", "--threads", "1"]) == 0
    rows = json.loads(capfd.readouterr().out)["ranking"]
    assert [row["rank"] for row in rows] == list(range(1, len(files) + 1))
    assert [files[row["index"]] for row in rows] == [row["file"] for row in rows]
    scores = [row["score"]["bpm"] for row in rows[:-1]]
    assert scores == sorted(scores, reverse=True)
    assert [row["ordered_by"] for row in rows] == ["score"] * len(color.candidates) + [None]
    assert all(row["score"]["headline"] and row["score"]["verdict"]["decision"] for row in rows[:-1])
    assert (rows[-1]["score"], rows[-1]["file"]) == (None, str(broken))
    assert "empty" in rows[-1]["error"]


def test_rank_of_what_cannot_be_judged(capfd: Capture, pictures: tuple[str, str], tmp_path: Path) -> None:
    """No car is there to be found: the pictures alone tell the edit from the one that nobody edited."""
    edited = cv2.imread(pictures[0])
    edited[: len(edited) // 2] = 250
    cv2.imwrite(str(tmp_path / "half.png"), edited)
    command = ["rank", pictures[0], "Make the car blue.", pictures[0], str(tmp_path / "half.png")]
    assert run([*command, "--json"]) == 0
    rows = json.loads(capfd.readouterr().out)["ranking"]
    assert [row["index"] for row in rows] == [1, 0]
    assert [row["ordered_by"] for row in rows] == ["pictures"] * 2
    assert [row["score"]["bpm"] for row in rows] == [None] * 2
    assert run(command) == 0
    assert "for want of a score: all." in capfd.readouterr().out


def test_rank_of_nothing_readable(capfd: Capture, color: DemoInput, tmp_path: Path) -> None:
    (tmp_path / "broken.png").touch()
    broken = str(tmp_path / "broken.png")
    assert_fails(
        capfd, ["rank", str(color.original), color.instruction, broken, broken], 2, "none of the candidates", "empty"
    )


def test_demo(capfd: Capture, tmp_path: Path) -> None:
    assert run(["demo", "--report", str(tmp_path / "demo.html")]) == 0
    printed = capfd.readouterr().out
    page = (tmp_path / "demo.html").read_text(encoding="utf-8")
    for each in load_demo():
        assert each.instruction in printed
        assert f'id="{each.id}"' in page
