"""Embeddings of pictures and texts, and the memory of texts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from editjudge import BundleError
from editjudge.bundles.bundle import Bundle
from editjudge.models import clip
from editjudge.models.clip import Clip
from editjudge.models.model_set import ModelSet


def open_clip(bundle: Bundle, threads: int | None = None) -> Clip:
    return ModelSet(bundle, "cpu", threads).model(Clip)


@pytest.fixture
def embedder(toy: Bundle) -> Clip:
    return open_clip(toy, threads=1)


def test_pictures_of_any_size_in_one_batch(embedder: Clip) -> None:
    red = np.full((40, 30, 3), (255, 0, 51), np.uint8)
    blue = np.full((3, 900, 3), (0, 0, 255), np.uint8)
    vectors = embedder.images([red, blue, red[:1, :1]])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [[2, -2, -1.2], [-2, -2, 2], [2, -2, -1.2]], atol=1e-5)


def test_stretching_shows_all_and_cropping_the_middle(toy: Bundle) -> None:
    image = np.zeros((20, 60, 3), np.uint8)
    image[:, 20:40] = 255
    settings = replace(toy.clip, fit="center_crop", resample="bicubic")
    cropped = open_clip(replace(toy, manifest=replace(toy.manifest, clip=settings))).images([image])
    stretched = open_clip(toy).images([image])
    np.testing.assert_allclose(cropped[0], 2, atol=0.1)
    np.testing.assert_allclose(stretched[0], -2 / 3, atol=0.1)


def test_texts_are_padded_and_cut(embedder: Clip) -> None:
    """The toy counts tokens, cats and dogs: [CLS] and [EOS] belong to each text, and six fit."""
    vectors = embedder.texts(["cat", "Cat dog", "dog " * 3000, "", "été \x00 猫"])
    np.testing.assert_array_equal(vectors[:4], [[3, 1, 0], [4, 1, 1], [6, 0, 4], [2, 0, 0]])
    assert vectors.dtype == np.float32


def test_texts_are_remembered(embedder: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[list[str]] = []
    run = embedder._text.embed_anew
    monkeypatch.setattr(embedder._text, "embed_anew", lambda texts: runs.append(list(texts)) or run(texts))
    embedder.texts(["cat", "dog", "cat"])
    np.testing.assert_array_equal(embedder.texts(["dog", "cat cat"]), [[3, 0, 1], [4, 2, 0]])
    embedder.texts(["cat"])
    assert runs == [["cat", "dog"], ["cat cat"]]


def test_the_memory_is_bounded(embedder: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip, "REMEMBERED_TEXTS", 2)
    vectors = embedder.texts(["cat", "dog", "cat cat"])
    assert list(embedder._text._known) == ["dog", "cat cat"]
    np.testing.assert_array_equal(vectors[:, 0], [3, 3, 4])


def test_what_comes_out_can_be_changed_without_harm(embedder: Clip) -> None:
    embedder.texts(["cat"])[:] = 99
    np.testing.assert_array_equal(embedder.texts(["cat"]), [[3, 1, 0]])


def test_an_embedder_is_shared_by_threads(embedder: Clip) -> None:
    texts = [" ".join(["cat"] * (index % 5)) for index in range(60)]
    with ThreadPoolExecutor(4) as pool:
        counts = [float(vectors[0, 1]) for vectors in pool.map(lambda text: embedder.texts([text]), texts)]
    assert counts == [min(index % 5, 4) for index in range(60)]


def test_a_file_that_is_no_tokenizer(toy: Bundle) -> None:
    with pytest.raises(BundleError, match="is not a tokenizer"):
        clip._open_tokenizer(toy.folder / "bundle.toml", 6)
