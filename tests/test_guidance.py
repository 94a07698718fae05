"""Masks for editing models, and equation 4 of the paper."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from editjudge.cli.main import run
from editjudge.datasets.demo import load_demo
from editjudge.errors import InputError
from editjudge.guidance import guidance, latent_mask, union_mask


def score(original: np.ndarray, edited: np.ndarray, size: tuple[int, int] | None = None, everywhere: bool = False):
    evidence = SimpleNamespace(original_mask=original, edited_mask=edited, original_size=size)
    return SimpleNamespace(evidence=evidence, intent=SimpleNamespace(is_global=everywhere))


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
    assert union_mask(score(nothing, nothing)).max() == 0
    assert union_mask(score(nothing, nothing, (32, 48), everywhere=True)).min() == 255
    assert latent_mask(score(nothing, nothing, everywhere=True)).all()


def test_a_picture_smaller_than_a_cell() -> None:
    with pytest.raises(InputError, match="smaller than 8 pixels"):
        latent_mask(score(*np.zeros((2, 7, 100), bool)))


def test_mask_command(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
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


def test_mask_command_finds_nothing(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("original.png", "edited.png")]
    for shade, path in enumerate(paths):
        cv2.imwrite(path, np.full((64, 64, 3), 90 + 60 * shade, np.uint8))
    assert run(["mask", *paths, "Make the car blue.", "-o", str(tmp_path / "mask.png")]) == 2
    assert "no region" in capfd.readouterr().err
    assert not (tmp_path / "mask.png").exists()
