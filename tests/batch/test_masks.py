"""Masks of the edits of a data set: what they cover, and the table that a study reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from editjudge import Scorer
from editjudge.batch.masks import TABLE, write_masks
from editjudge.cli.main import run
from editjudge.datasets import open_dataset
from editjudge.datasets.demo import load_demo
from editjudge.errors import InputError
from editjudge.study.design import default_design
from editjudge.study.items import read_items
from support.command_line import assert_fails


@pytest.fixture(scope="module")
def edits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's edits of a car and of a sofa with a cat, the edited ones in the table itself."""
    folder = tmp_path_factory.mktemp("edits")
    rows: list[dict[str, Any]] = [
        {"id": f"{each.id}-{candidate.label}", "group": each.id, "original": str(each.original),
         "edited": str(candidate.file), "instruction": each.instruction}
        for each in load_demo()[:2] for candidate in each.candidates
    ]  # fmt: skip
    path = folder / "edits.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def read_mask(folder: Path, name: str) -> np.ndarray:
    return np.asarray(cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED))


def test_the_masks_and_their_table(edits: Path, tmp_path: Path) -> None:
    folder = tmp_path / "masks"
    with Scorer.load("studio") as scorer:
        written = write_masks(scorer, open_dataset(edits), folder)
    rows = {row["id"]: row for row in map(json.loads, (folder / TABLE).read_text("utf-8").splitlines())}
    assert {name for name, _ in written.left_out} == {"color-nothing changed", "add-only noise added"}
    assert "nothing was edited" in dict(written.left_out)["color-nothing changed"]
    assert written.edits == len(rows) == 8
    row = rows["color-well done, with damage elsewhere"]
    original = cv2.imread(row["original"])
    edited = cv2.imread(row["edited"])
    changed = np.abs(original.astype(int) - edited).max(axis=2) > 40
    ours, difference = (read_mask(folder, row[name]) > 0 for name in ("mask_ours", "mask_difference"))
    assert ours.shape == difference.shape == original.shape[:2]
    assert difference[changed].mean() > 0.9  # all that changed, the damage too
    assert 0.1 < ours[changed].mean() < 0.9  # the car alone
    well = rows["color-well done"]
    changed = np.abs(cv2.imread(well["original"]).astype(int) - cv2.imread(well["edited"])).max(axis=2) > 40
    assert (read_mask(folder, well["mask_ours"]) > 0)[changed].mean() > 0.9


def test_a_study_of_masks_shows_them(edits: Path, tmp_path: Path) -> None:
    folder = tmp_path / "masks"
    assert run(["study", "masks", str(edits), "-o", str(folder)]) == 0
    items, _ = read_items(open_dataset(folder / TABLE), default_design("masks", 0, 0).kind)
    assert len(items) == 8
    assert {candidate.model for item in items for candidate in item.candidates} == {"ours", "difference"}


def test_pictures_of_a_table_itself_are_copied(tmp_path: Path) -> None:
    import base64  # noqa: PLC0415

    demo = load_demo()[0]
    good = next(one.file for one in demo.candidates if one.label == "well done")
    address = "data:image/webp;base64," + base64.b64encode(good.read_bytes()).decode()
    row = {"original": str(demo.original), "edited": address, "instruction": demo.instruction}
    (tmp_path / "edits.jsonl").write_text(json.dumps(row), "utf-8")
    with Scorer.load("studio") as scorer:
        written = write_masks(scorer, open_dataset(tmp_path / "edits.jsonl"), tmp_path / "masks")
    (row,) = map(json.loads, written.table.read_text("utf-8").splitlines())
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "masks" / row["edited"])), cv2.imread(str(good)))


def test_nothing_is_overwritten_and_nothing_left(
    edits: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "there").mkdir()
    assert_fails(capfd, ["study", "masks", str(edits), "-o", str(tmp_path / "there")], 2, "exists already", "--output")
    assert_fails(capfd, ["study", "masks", str(edits), "-o", str(tmp_path / "no" / "m")], 2, "there is no folder")
    same = {name: str(load_demo()[0].original) for name in ("original", "edited")}
    (tmp_path / "same.jsonl").write_text(json.dumps({**same, "instruction": "make the car blue"}), "utf-8")
    with (
        Scorer.load("studio") as scorer,
        pytest.raises(InputError, match=r"no edit of same\.jsonl has masks: .*nothing"),
    ):
        write_masks(scorer, open_dataset(tmp_path / "same.jsonl"), tmp_path / "masks")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["same.jsonl", "there"]


def test_names_that_no_text_can_hold_and_names_that_stand_twice(edits: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in edits.read_text("utf-8").splitlines()]
    good, unedited = rows[2], next(row for row in rows if row["id"] == "color-nothing changed")
    hostile = [{**good, "id": "half \ud83d", "group": "\ud83d"}, {**unedited, "id": "same"}, {**unedited, "id": "same"}]
    table = tmp_path / "hostile.jsonl"
    table.write_text("\n".join(map(json.dumps, hostile)), "utf-8")
    with Scorer.load("studio") as scorer:
        written = write_masks(scorer, open_dataset(table), tmp_path / "masks")
    (row,) = map(json.loads, (tmp_path / "masks" / TABLE).read_text("utf-8").splitlines())
    assert (row["id"], row["group"]) == ("half \ufffd", "\ufffd")
    assert [name for name, _ in written.left_out] == ["same", "same"]
