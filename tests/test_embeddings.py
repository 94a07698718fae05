"""Edits and instructions as vectors in one space: `Scorer.embed_edit` and `Scorer.embed_instruction`."""

from __future__ import annotations

import io
import pickle
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from editjudge import BundleError, ImageError, InputError, InstructionError, Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.parser.calibration import UNSURE
from editjudge.parser.result import ParseResult
from editjudge.types import EditIntent
from support.pair_bundle import make_pair_bundle

BLACK, RED, GREY = (np.full((48, 64, 3), colour, np.uint8) for colour in ((0, 0, 0), (255, 0, 0), (128, 128, 128)))


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    return Scorer.load(make_pair_bundle(tmp_path_factory.mktemp("pair") / "bundle").folder, "cpu", 1)


@pytest.fixture(scope="module")
def studio_scorer() -> Scorer:
    return Scorer.load("studio", "cpu", 1)


def scene(seed: int = 0, height: int = 240, width: int = 320) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))


def test_by_hand(scorer: Scorer) -> None:
    """edit_clip of the toy takes CLIP's features of both pictures from each other: red adds (4, 0, 0) to black."""
    edit = scorer.embed_edit(BLACK, RED)
    assert (edit.shape, edit.dtype) == ((3,), np.float32)
    np.testing.assert_allclose(edit, [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(scorer.embed_edit(RED, BLACK), [-1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(scorer.embed_edit(BLACK, RED, encoder="vifi_clip"), [1, 0, 0], atol=1e-6)
    text = scorer.embed_instruction("cat")
    assert (text.shape, text.dtype) == ((3,), np.float32)
    np.testing.assert_allclose(text, np.array([3, 1, 0]) / np.sqrt(10), atol=1e-6)
    two_words = scorer.embed_instruction("cat cat cat", encoder="vifi_clip")  # all that four tokens have room for
    np.testing.assert_allclose(two_words, np.array([4, 2, 0]) / np.sqrt(20), atol=1e-6)


def test_by_the_studio_bundle(studio_scorer: Scorer) -> None:
    """The encoder that any bundle has; of length 1, and the same whichever picture comes first."""
    original, edited = scene(0), scene(1)
    edit = studio_scorer.embed_edit(original, edited, encoder="vifi_clip")
    text = studio_scorer.embed_instruction("remove the red car", encoder="vifi_clip")
    assert edit.shape == text.shape
    assert edit.dtype == text.dtype == np.float32
    assert np.linalg.norm(edit) == pytest.approx(1, abs=1e-6)
    assert np.linalg.norm(text) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(studio_scorer.embed_edit(edited, original, encoder="vifi_clip"), edit, atol=1e-6)


@pytest.mark.parametrize("encoder", ["edit_clip", "vifi_clip"])
def test_the_metric_is_the_product_of_both_vectors(encoder: str, scorer: Scorer) -> None:
    """In the same frame: also where the edited picture has another size, and the original a border."""
    original = cv2.copyMakeBorder(scene(0), 40, 40, 0, 0, cv2.BORDER_CONSTANT)
    edited = cv2.resize(cv2.copyMakeBorder(scene(1), 40, 40, 0, 0, cv2.BORDER_CONSTANT), (1600, 1600))
    request = ParseResult((EditIntent("color", "cat", "blue cat"),), (UNSURE,), confident=True, instruction="blue cat")
    (result,) = scorer.score(original, edited, request, metrics=[encoder]).metrics.values()
    product = scorer.embed_edit(original, edited, encoder=encoder) @ scorer.embed_instruction(
        "blue cat", encoder=encoder
    )
    assert result.value == pytest.approx(float(product), abs=1e-6)


def test_a_border_is_no_part_of_the_edit(scorer: Scorer) -> None:
    bordered = [cv2.copyMakeBorder(scene(seed), 30, 30, 40, 40, cv2.BORDER_CONSTANT) for seed in (0, 1)]
    np.testing.assert_allclose(scorer.embed_edit(*bordered), scorer.embed_edit(scene(0), scene(1)), atol=1e-3)


def test_an_edited_picture_of_another_size_is_scaled(scorer: Scorer) -> None:
    expected = scorer.embed_edit(BLACK, RED)
    for height, width in ((8, 8), (8, 300), (500, 9), (480, 640), (2000, 3000)):
        edited = np.full((height, width, 3), (255, 0, 0), np.uint8)
        np.testing.assert_allclose(scorer.embed_edit(BLACK, edited), expected, atol=1e-6)
        np.testing.assert_allclose(scorer.embed_edit(edited, BLACK), -expected, atol=1e-6)


@pytest.mark.parametrize("size", [(8, 8), (9, 30), (8, 4000), (4000, 8)])
def test_pictures_of_a_few_pixels_and_slivers(size: tuple[int, int], studio_scorer: Scorer) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
    edit = studio_scorer.embed_edit(*pictures, encoder="vifi_clip")
    assert np.linalg.norm(edit) == pytest.approx(1, abs=1e-6)


def test_twenty_megapixels(scorer: Scorer) -> None:
    """Two pictures of 60 MB, which are scaled down before they are looked at."""
    original = np.zeros((4000, 5000, 3), np.uint8)
    edited = original.copy()
    edited[1000:3000, 1000:3000] = (255, 0, 0)
    scorer.embed_edit(BLACK, RED)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    np.testing.assert_allclose(scorer.embed_edit(original, edited), [1, 0, 0], atol=1e-6)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KiB


def test_pictures_in_any_form(scorer: Scorer, tmp_path: Path) -> None:
    expected = scorer.embed_edit(GREY, RED)
    file = io.BytesIO()
    PIL.Image.fromarray(RED).save(file, "png")
    path = tmp_path / "red.png"
    path.write_bytes(file.getvalue())
    for edited in (path, str(path), file.getvalue(), file, PIL.Image.fromarray(RED)):
        np.testing.assert_array_equal(scorer.embed_edit(GREY, edited), expected)


def test_what_cannot_be_read(scorer: Scorer, tmp_path: Path) -> None:
    text = tmp_path / "text.png"
    text.write_text("no picture", encoding="utf-8")
    narrow = np.zeros((1, 400, 3), np.uint8)
    for bad in (text, tmp_path / "missing.png", b"", np.zeros((40, 40), np.uint8), narrow, None):
        for pair in ((bad, RED), (RED, bad)):
            with pytest.raises(ImageError):
                scorer.embed_edit(*pair)
    assert scorer.embed_edit(BLACK, RED)[0] == pytest.approx(1)


@pytest.mark.parametrize("encoder", ["clip", "", None, 3, ["edit_clip"], "EDIT_CLIP"])
def test_an_encoder_that_there_is_not(encoder: object, scorer: Scorer) -> None:
    for call in (
        lambda: scorer.embed_edit(BLACK, RED, encoder=encoder),
        lambda: scorer.embed_instruction("cat", encoder=encoder),
    ):  # type: ignore[arg-type]
        with pytest.raises(InputError, match=r"there is no embedding .*; choose one of edit_clip, vifi_clip"):
            call()


def test_instructions_that_cannot_be_read(scorer: Scorer) -> None:
    for bad in (None, 7, "", " \n", "...", "a" * 4001, "add\0"):
        with pytest.raises(InstructionError):
            scorer.embed_instruction(bad)  # type: ignore[arg-type]


def test_a_bundle_without_the_directed_encoder(toy: Bundle) -> None:
    plain = Scorer.load(toy.folder, "cpu", 1)
    message = (
        "bundle toy has no model of role edit_clip; take vifi_clip, which any bundle has, or train one for its CLIP"
    )
    with pytest.raises(BundleError, match=message):
        plain.embed_edit(BLACK, RED)
    with pytest.raises(BundleError, match=message):
        plain.embed_instruction("cat")
    np.testing.assert_allclose(
        plain.embed_edit(BLACK, RED, encoder="vifi_clip"), np.array([0, -1, -1]) / np.sqrt(2), atol=1e-6
    )


def test_a_closed_scorer(tmp_path: Path) -> None:
    with Scorer.load(make_pair_bundle(tmp_path / "bundle").folder, "cpu", 1) as closed:
        closed.embed_edit(BLACK, RED)
    for call in (lambda: closed.embed_edit(BLACK, RED), lambda: closed.embed_instruction("cat")):
        with pytest.raises(InputError, match="this Scorer was closed"):
            call()


def test_a_copy_embeds_alike(scorer: Scorer) -> None:
    copy = pickle.loads(pickle.dumps(scorer))
    np.testing.assert_array_equal(copy.embed_edit(GREY, RED), scorer.embed_edit(GREY, RED))
    np.testing.assert_array_equal(copy.embed_instruction("dog cat"), scorer.embed_instruction("dog cat"))


def test_shared_by_threads(tmp_path: Path) -> None:
    """The models are opened by whichever of them comes first."""
    fresh = Scorer.load(make_pair_bundle(tmp_path / "bundle").folder, "cpu", 1)
    shades = [np.full((20, 30, 3), (shade, 255 - shade, 40), np.uint8) for shade in range(0, 250, 10)]

    def embed(shade: np.ndarray) -> np.ndarray:
        return np.stack([fresh.embed_edit(BLACK, shade), fresh.embed_instruction("cat " * int(shade[0, 0, 0] % 5 + 1))])

    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(embed, shades))
    for shade, vectors in zip(shades, together, strict=True):
        np.testing.assert_allclose(vectors, embed(shade), atol=1e-6)
        colour = shade[0, 0] / np.linalg.norm(shade[0, 0].astype(float))
        np.testing.assert_allclose(vectors[0], colour, atol=1e-5)


def test_what_comes_out_is_the_callers(scorer: Scorer) -> None:
    for _ in range(2):
        vector = scorer.embed_instruction("cat")
        assert vector[0] > 0
        vector[:] = -9
