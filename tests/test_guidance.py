"""Masks for editing models, and equation 4 of the paper."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from editjudge.cli.main import run
from editjudge.datasets.demo import load_demo
from editjudge.errors import InputError
from editjudge.guidance import encode_png, find_difference_mask, find_mask, guidance, latent_mask, union_mask
from editjudge.image.alignment import PairAlignment
from editjudge.image.canvas import Content
from editjudge.image.changes import ChangeKind, Changes
from editjudge.metrics import EditScore
from editjudge.metrics.dice.difference import DifferenceEvidence, PictureDifferences
from editjudge.types import EditIntent
from support.command_line import assert_fails
from support.scores import STILL, part_of, score_of

Capture = pytest.CaptureFixture[str]


COLOR = EditIntent("color", "car", "blue car")
STYLE = EditIntent("style", "all", "night")


def score(
    original: np.ndarray,
    edited: np.ndarray,
    *,
    intents: Sequence[EditIntent] = (COLOR,),
    kind: ChangeKind = "edit",
    content: Content | None = None,
    changed: np.ndarray | None = None,
) -> EditScore:
    """A score of pictures as large as the masks; content: whole by default; changed: where, nowhere by default."""
    changes = Changes(kind, PairAlignment.still(), np.zeros(original.shape, bool) if changed is None else changed)
    scored = score_of(*map(part_of, intents), kind=kind)
    evidence = replace(
        scored.evidence,
        original_mask=original,
        edited_mask=edited,
        changes=changes,
        content=content or Content.whole(*original.shape),
    )
    return replace(scored, evidence=evidence)


def test_equation_4_by_hand() -> None:
    # Cells inside: 1 + 1.5 (3 - 1) + 7.5 (7 - 3) = 34; outside the last term is gone: 4.
    empty, image, text = (np.full((1, 4, 1, 2), value, np.float32) for value in (1, 3, 7))
    mask = np.array([[True, False]])
    guided = guidance(empty, image, text, mask, image_scale=1.5, text_scale=7.5)
    np.testing.assert_array_equal(guided, np.broadcast_to(np.array([34, 4], np.float32), (1, 4, 1, 2)))
    assert guided.dtype == np.float32
    halves = [array.astype(np.float16) for array in (empty, image, text)]
    assert guidance(*halves, mask, image_scale=1.5, text_scale=7.5).dtype == np.float16
    soft = guidance(empty, image, text, np.array([[0.5, 0.0]]), image_scale=1.5, text_scale=7.5)
    assert soft[0, 0, 0].tolist() == [19, 4]


@pytest.mark.parametrize(
    ("mask", "words"),
    [(np.ones((2, 3), bool), "2 x 3 cells, the latents 4 x 4"), (np.full((4, 4), 255, np.uint8), "above 1")],
)
def test_a_mask_that_does_not_fit(mask: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        guidance(*np.zeros((3, 1, 4, 4, 4)), mask, image_scale=1.5, text_scale=7.5)


def test_a_latent_cell_is_inside_when_any_pixel_is() -> None:
    original, edited = np.zeros((2, 24, 43), bool)
    original[7, 8] = True  # 43 pixels make 5 cells of 8.6: the pixel from 8 to 9 lies in two of them
    edited[16:24, 40:43] = True
    expected = np.zeros((3, 5), bool)
    expected[0, :2] = expected[2, 4] = True
    assert (latent_mask(score(original, edited)) == expected).all()
    aligned = np.zeros((16, 16), bool)
    aligned[7, 8] = True
    assert latent_mask(score(aligned, aligned)).tolist() == [[False, True], [False, False]]
    assert latent_mask(score(aligned, aligned), 4).sum() == 1


def test_the_mask_of_a_global_edit_is_everywhere() -> None:
    nothing = np.zeros((16, 24), bool)
    assert union_mask(score(nothing, nothing, intents=[STYLE])).min() == 255
    assert union_mask(score(nothing, nothing, intents=[COLOR, STYLE], content=Content.whole(32, 48))).all()
    assert latent_mask(score(nothing, nothing, intents=[STYLE])).all()


def test_a_mask_is_as_large_as_the_original_and_can_be_read_again() -> None:
    original, edited = np.zeros((2, 40, 60), bool)
    original[10:30, 5:25] = edited[10:30, 15:25] = True
    found = find_mask(score(original, edited, content=Content.whole(80, 120)))
    assert found.mask.shape == (80, 120)
    assert set(np.unique(found.mask)) == {0, 255}
    assert (found.mask > 0).sum() == pytest.approx(1600, rel=0.05)
    assert not found.is_change_map
    assert found.note == ""
    decoded = cv2.imdecode(np.frombuffer(encode_png(found.mask), np.uint8), cv2.IMREAD_UNCHANGED)
    assert (decoded == found.mask).all()


def test_a_border_is_no_part_of_the_mask() -> None:
    inside, nothing = np.ones((40, 60), bool), np.zeros((40, 60), bool)
    bordered = np.zeros((100, 130), bool)
    bordered[10:90, 5:125] = True
    content = Content((5, 10, 125, 90), 100, 130)
    for scored in (
        score(inside, nothing, content=content),
        score(nothing, nothing, content=content, intents=[STYLE]),
        score(nothing, nothing, content=content, changed=inside[:20, :30]),
    ):
        assert ((union_mask(scored) > 0) == bordered).all()


def test_a_mask_of_differences_has_all_that_are_listed_and_no_border() -> None:
    labels, expected = np.zeros((40, 60), np.uint8), np.zeros((100, 130), bool)
    labels[:20, :30], labels[20:, 45:] = 1, 2
    expected[10:50, 5:65] = expected[50:90, 95:125] = True
    picture = np.zeros((40, 60, 3), np.uint8)
    evidence = DifferenceEvidence(picture, picture, labels, Content((5, 10, 125, 90), 100, 130))
    found = PictureDifferences("edit", STILL, 0.4, (), evidence=evidence)
    assert ((find_difference_mask(found) > 0) == expected).all()
    nothing = replace(evidence, labels=np.zeros_like(labels))
    for kind, reason in (("unchanged", "nothing was edited"), ("edit", "no place stands out")):
        with pytest.raises(InputError, match=f"there is no difference to write: {reason}"):
            find_difference_mask(replace(found, kind=kind, evidence=nothing))


def test_where_no_object_was_found_the_mask_is_what_changed() -> None:
    nothing, changed = np.zeros((40, 60), bool), np.zeros((20, 30), bool)
    changed[5:10, 20:30] = True
    found = find_mask(score(nothing, nothing, changed=changed, content=Content.whole(80, 120)))
    assert found.is_change_map
    assert "no object of the edit was found" in found.note
    expected = np.zeros((80, 120), bool)
    expected[20:40, 80:] = True
    assert ((found.mask > 0) == expected).all()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("unchanged", "nothing was edited"), ("noise", "only noise was added"), ("other_picture", "shares too little"),
        ("edit", "nothing changed"),
    ],
)  # fmt: skip
def test_what_is_no_edit_has_no_region(kind: ChangeKind, reason: str) -> None:
    """Also where the object was found in the original: black is never written, and neither is a region of no edit."""
    nothing, somewhere = np.zeros((16, 24), bool), np.ones((16, 24), bool)
    for scored in [score(nothing, nothing, kind=kind)] + [score(somewhere, nothing, kind=kind)] * (kind != "edit"):
        with pytest.raises(InputError, match=f"there is no region to write: .*{reason}"):
            union_mask(scored)
        with pytest.raises(InputError, match=reason):
            latent_mask(scored)


def test_a_picture_smaller_than_a_cell() -> None:
    with pytest.raises(InputError, match="smaller than 8 pixels"):
        latent_mask(score(*np.ones((2, 7, 100), bool)))


def test_mask_command(capfd: Capture, tmp_path: Path) -> None:
    color = next(demo for demo in load_demo() if demo.id == "color")
    edited = next(candidate.file for candidate in color.candidates if candidate.label == "well done")
    whole, cells = tmp_path / "mask.png", tmp_path / "latent.png"
    command = ["mask", str(color.original), str(edited), color.instruction, "-o", str(whole)]
    assert run([*command, "--latent", str(cells)]) == 0
    printed = capfd.readouterr().out
    assert "% of the picture" in printed
    mask, latent = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (whole, cells))
    height, width = cv2.imread(str(color.original)).shape[:2]
    assert mask.shape == (height, width)
    assert latent.shape == (height // 8, width // 8)
    assert set(np.unique(mask)) == set(np.unique(latent)) == {0, 255}
    blocks = mask[: height // 8 * 8, : width // 8 * 8].reshape(height // 8, 8, width // 8, 8).max(axis=(1, 3))
    assert (latent == blocks).all()
    before = whole.read_bytes()
    assert run([*command, "--latent", str(whole)]) == 2
    assert "replace another file" in capfd.readouterr().err
    assert whole.read_bytes() == before


def test_mask_command_without_an_object(capfd: Capture, tmp_path: Path) -> None:
    """No object is there to be found; the square that changed is what is written."""
    picture = np.full((64, 64, 3), 90, np.uint8)
    paths = [str(tmp_path / name) for name in ("original.png", "edited.png")]
    cv2.imwrite(paths[0], picture)
    picture[16:48, 16:48] = 250
    cv2.imwrite(paths[1], picture)
    command, output = ["Make the car blue.", "-o"], tmp_path / "mask.png"
    assert run(["mask", *paths, *command, str(output)]) == 0
    assert "no object of the edit was found, so this is where the picture changed" in capfd.readouterr().out
    assert (cv2.imread(str(output), cv2.IMREAD_UNCHANGED) > 0).mean() == pytest.approx(0.25, abs=0.06)
    output.unlink()
    assert_fails(capfd, ["mask", paths[0], paths[0], *command, str(output)], 2, "no region", "nothing was edited")
    assert not output.exists()


def test_the_score_is_told_where_it_has_no_mask(capfd: Capture, tmp_path: Path) -> None:
    picture, mask, report = str(tmp_path / "original.png"), tmp_path / "mask.png", tmp_path / "report.html"
    cv2.imwrite(picture, np.full((64, 64, 3), 90, np.uint8))
    command = ["score", picture, picture, "Make the car blue.", "--mask", str(mask), "--report", str(report)]
    assert run([*command, "--json"]) == 2
    printed, error = capfd.readouterr()
    assert json.loads(printed)["kind"] == "unchanged"
    assert error == "editjudge: there is no region to write: nothing was edited; hand in another edited picture\n"
    assert report.exists()
    assert not mask.exists()


def test_score_says_that_its_mask_is_what_changed(capfd: Capture, tmp_path: Path) -> None:
    picture, mask = np.full((64, 64, 3), 90, np.uint8), tmp_path / "mask.png"
    paths = [str(tmp_path / name) for name in ("original.png", "edited.png")]
    cv2.imwrite(paths[0], picture)
    picture[16:48, 16:48] = 250
    cv2.imwrite(paths[1], picture)
    assert run(["score", *paths, "Make the car blue.", "--mask", str(mask), "--json"]) == 0
    printed, error = capfd.readouterr()
    assert json.loads(printed)["bpm"] is None
    assert error.count("\n") == 1
    assert "no object of the edit was found, so this is where the picture changed" in error
    assert cv2.imread(str(mask), cv2.IMREAD_UNCHANGED).any()
