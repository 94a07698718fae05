"""Edits of the studio in an index, and what `find` says of words and pictures that the studio does not know."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from skimage import data

from editjudge.cli.main import run
from studio.edits.edit import EDIT_RULES, random_edit
from studio.renderer.scene import render

KINDS = ("add", "remove", "color", "size", "style")
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with five edits, one of each kind, and the index of them."""
    folder = tmp_path_factory.mktemp("edits")
    rows = []
    for index, kind in enumerate(KINDS):
        edit = random_edit(np.random.default_rng([77, index]), replace(EDIT_RULES, held_out=True), kind)
        names = {side: f"{kind}-{side}.png" for side in ("original", "edited")}
        for scene, name in zip((edit.original, edit.edited), names.values(), strict=True):
            PIL.Image.fromarray(render(scene, 256).image).save(folder / name)
        rows.append(json.dumps({"id": kind, **names, "instruction": edit.instruction}))
    (folder / "edits.jsonl").write_text("\n".join(rows))
    assert run(["index", str(folder / "edits.jsonl"), "-o", str(folder / "edits.index")]) == 0
    return folder


def find(folder: Path, capfd: Capture, *query: str) -> dict[str, object]:
    capfd.readouterr()
    assert run(["find", *query, "--index", str(folder / "edits.index"), "--json"]) == 0
    printed = capfd.readouterr()
    report = json.loads(printed.out)
    assert bool(report["flags"]) is ("note:" in printed.err)
    return report


def test_every_instruction_finds_its_edit(folder: Path, capfd: Capture) -> None:
    for line in (folder / "edits.jsonl").read_text().splitlines():
        row = json.loads(line)
        report = find(folder, capfd, row["instruction"])
        assert report["found"][0]["id"] == row["id"]
        assert report["flags"] == []


def test_an_edit_finds_itself(folder: Path, capfd: Capture) -> None:
    report = find(folder, capfd, str(folder / "color-original.png"), str(folder / "color-edited.png"))
    assert report["found"][0]["id"] == "color"
    assert report["found"][0]["cosine"] == pytest.approx(1.0, abs=1e-4)
    assert report["flags"] == []


def test_words_that_the_encoder_has_not_learned_are_told(folder: Path, capfd: Capture) -> None:
    assert find(folder, capfd, "make it snow")["flags"] == ["unknown_words"]
    assert find(folder, capfd, "word " * 300)["flags"] == ["cut_short", "unknown_words"]


def test_a_photograph_is_told(folder: Path, capfd: Capture, tmp_path: Path) -> None:
    photograph = data.astronaut()
    for name, picture in (("one.png", photograph), ("other.png", photograph[:, ::-1])):
        PIL.Image.fromarray(picture).save(tmp_path / name)
    report = find(folder, capfd, str(tmp_path / "one.png"), str(tmp_path / "other.png"))
    assert report["flags"] == ["unknown_picture"]
