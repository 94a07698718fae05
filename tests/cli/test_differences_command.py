"""`editjudge differences`: a list, JSON, a mask and a report; and one clear answer to whatever is handed in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from editjudge.cli.main import run
from editjudge.datasets.demo import load_demo
from editjudge.image.boxes import iou
from editjudge.types import Image
from support.command_line import assert_fails
from support.photographs import photographs

Capture = pytest.CaptureFixture[str]
Write = Callable[..., list[str]]

SIDE = 512
PAINTED = (60, 100, 160, 180)
"""x0, y0, x1, y1 of what is painted into a photograph."""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes two pictures, of three or four channels; returns the command line that compares them."""

    def save(original: Image, edited: Image, *arguments: str) -> list[str]:
        files = tmp_path / "original.png", tmp_path / "edited.png"
        for file, picture in zip(files, (original, edited), strict=True):
            order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
            assert cv2.imwrite(str(file), cv2.cvtColor(picture, order))
        return ["differences", *map(str, files), *arguments, "--device", "cpu"]

    return save


def photograph() -> Image:
    return photographs()[2].copy()


def painted() -> Image:
    picture = photograph()
    x0, y0, x1, y1 = PAINTED
    picture[y0:y1, x0:x1] = 30, 200, 60
    return picture


def resized(picture: Image, width: int, height: int) -> Image:
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def found(capfd: Capture, command: list[str]) -> dict[str, Any]:
    """The JSON of a command, which prints nothing else."""
    assert run([*command, "--json"]) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    assert printed.count("\n") == 1
    content: dict[str, Any] = json.loads(printed)
    for difference in content["differences"]:
        x0, y0, x1, y1 = difference["box"]
        assert x0 < x1
        assert y0 < y1
        assert 0 <= difference["confidence"] <= 1
        assert 0 < difference["share"] <= 1
    return content


def test_as_json_with_a_report_and_a_mask(capfd: Capture, write: Write, tmp_path: Path) -> None:
    report, mask = tmp_path / "report.html", tmp_path / "mask.png"
    command = write(photograph(), painted(), "--report", str(report), "--mask", str(mask))
    content = found(capfd, command)
    assert {"kind", "alignment", "changed_share", "differences"} <= set(content)
    (difference,) = content["differences"]
    assert {
        "change", "element", "box", "share", "confidence", "coherent", "coherence", "rationale",
    } <= set(difference)  # fmt: skip
    assert content["kind"] == "edit"
    assert iou(np.array(difference["box"], np.float32), np.array(PAINTED, np.float32)) > 0.8
    assert (difference["coherent"], difference["coherence"], content["unasked_share"]) == (None, None, None)
    written = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
    x0, y0, x1, y1 = PAINTED
    inside = np.zeros((SIDE, SIDE), bool)
    inside[y0:y1, x0:x1] = True
    assert written.shape == (SIDE, SIDE)
    assert set(np.unique(written)) == {0, 255}
    assert (inside & (written > 0)).sum() > 0.8 * (inside | (written > 0)).sum()
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("columns", [40, 100])
def test_for_people(capfd: Capture, write: Write, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(write(photograph(), painted())) == 0
    printed = capfd.readouterr().out
    assert printed.startswith("1 difference: ")
    assert "\x1b" not in printed
    assert max(map(len, printed.splitlines())) <= columns
    assert "top left" in printed
    assert ("where  " in printed) == (columns == 100)  # the names of columns
    assert ("confidence: " in printed) == (columns == 40)
    assert "without an instruction it is not told" in " ".join(printed.split())


def test_with_an_instruction_it_is_said_of_each_whether_it_was_asked_for(capfd: Capture) -> None:
    """What was done, and what was not: the demo knows."""
    color = next(each for each in load_demo() if each.id == "color")
    files = {each.label: str(each.file) for each in color.candidates}
    command = ["differences", str(color.original), files["well done, with damage elsewhere"], color.instruction]
    content = found(capfd, command)
    told = {difference["coherent"] for difference in content["differences"]}
    assert told == {True, False}
    assert 0 < content["unasked_share"] < 1
    assert content["differences"][content["worst"]]["coherent"] is False
    assert all(difference["rationale"] for difference in content["differences"])
    assert run(command) == 0
    printed = " ".join(capfd.readouterr().out.split())
    assert "of the change was not asked for; the worst is" in printed
    assert "without an instruction" not in printed


@pytest.mark.parametrize("instruction", [[], ["Make it night."]])
def test_of_equal_pictures_there_is_none(capfd: Capture, write: Write, tmp_path: Path, instruction: list[str]) -> None:
    command = write(photograph(), photograph(), *instruction)
    content = found(capfd, command)
    assert (content["kind"], content["differences"], content["changed_share"]) == ("unchanged", [], 0.0)
    assert run(command) == 0
    assert capfd.readouterr().out.startswith("Nothing changed: ")
    mask = tmp_path / "mask.png"
    assert run([*command, "--mask", str(mask)]) == 2
    printed, error = capfd.readouterr()
    assert printed.startswith("Nothing changed: ")  # what was found is told all the same
    assert error == ("editjudge: there is no difference to write: nothing was edited; hand in another edited picture\n")
    assert not mask.exists()


def test_of_pictures_with_nothing_in_common_there_is_none(capfd: Capture, write: Write) -> None:
    command = write(photographs()[0], photographs()[2], "Remove the cup.")
    content = found(capfd, command)
    assert (content["kind"], content["differences"]) == ("other_picture", [])
    assert run(command) == 0
    assert capfd.readouterr().out.startswith("The pictures have too little in common")


@pytest.mark.parametrize(("width", "height"), [(256, 256), (1024, 1024), (512, 256), (300, 512)])
def test_pictures_of_other_sizes_and_proportions(capfd: Capture, write: Write, width: int, height: int) -> None:
    """The place is told in pixels of the original."""
    content = found(capfd, write(photograph(), resized(painted(), width, height)))
    boxes = [np.array(difference["box"], np.float32) for difference in content["differences"]]
    assert content["kind"] == "edit"
    assert "resized" in content["flags"]
    assert ("aspect_changed" in content["flags"]) == (width != height)
    assert iou(boxes[0], np.array(PAINTED, np.float32)) > 0.7


@pytest.mark.parametrize("instruction", [[], ["Make it night."], ["Remove the cup."]])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (0, 0, 0, 0)])
def test_a_picture_of_one_colour_or_none(
    capfd: Capture, write: Write, colour: tuple[int, ...], instruction: list[str]
) -> None:
    """All of the photograph is gone: no difference is said to lie in a part of it, and none of it to be no change."""
    empty = np.full((SIDE, SIDE, len(colour)), colour, np.uint8)
    content = found(capfd, write(photograph(), empty, *instruction))
    assert content["kind"] in ("edit", "other_picture")
    for difference in content["differences"][:1]:
        x0, y0, x1, y1 = difference["box"]
        assert (x1 - x0) * (y1 - y0) > 0.9 * SIDE * SIDE
    assert found(capfd, write(empty, empty, *instruction))["kind"] == "unchanged"


def test_pictures_of_eight_pixels(capfd: Capture, write: Write) -> None:
    small = photograph()[:8, :8]
    spotted = small.copy()
    spotted[2:5, 2:5] = 255 - spotted[2:5, 2:5]
    assert found(capfd, write(small, small))["differences"] == []
    assert found(capfd, write(small, spotted))["kind"] == "edit"
    assert found(capfd, write(photograph(), small))["kind"] != "unchanged"
    assert_fails(capfd, write(photograph(), small[:7]), 2, "a side under 8 shows nothing")


def test_an_edit_that_covers_everything_is_one_difference(capfd: Capture, write: Write) -> None:
    mirrored = 255 - photograph()
    (difference,) = found(capfd, write(photograph(), mirrored))["differences"]
    assert difference["change"] == "EDIT"
    assert difference["box"] == [0, 0, SIDE, SIDE]
    assert run(write(photograph(), mirrored)) == 0
    assert "whole picture" in capfd.readouterr().out


def test_a_global_instruction_asks_for_all_of_it(capfd: Capture, write: Write) -> None:
    original = photograph().astype(np.float32)
    night = (original * (0.25, 0.3, 0.55)).astype(np.uint8)
    content = found(capfd, write(photograph(), night, "Make it night."))
    assert content["kind"] == "edit"
    assert {difference["coherent"] for difference in content["differences"]} == {True}
    assert content["unasked_share"] == 0.0


def test_of_200_changes_the_32_strongest_are_listed(capfd: Capture, write: Write) -> None:
    many = photograph()
    for y in range(10, 510, 50):
        for x in range(6, 506, 25):
            many[y : y + 12, x : x + 10] = 255 - many[y : y + 12, x : x + 10]
    content = found(capfd, write(photograph(), many))
    assert len(content["differences"]) == 32
    assert content["left_out"] > 100
    assert run(write(photograph(), many)) == 0
    printed = capfd.readouterr().out
    assert printed.startswith(f"{32 + content['left_out']} differences, of which the 32 strongest are listed: ")
    assert f"and {content['left_out']} weaker ones" in printed


def test_what_is_asked_for_wrongly(capfd: Capture, write: Write, tmp_path: Path) -> None:
    command = write(photograph(), painted())
    assert_fails(capfd, [*command, " "], 2, "the instruction is empty")
    assert_fails(capfd, [*command, "--mask", str(tmp_path / "mask.jpg")], 2, "must end in .png")
    assert_fails(capfd, ["differences", command[1]], 2, "EDITED")
