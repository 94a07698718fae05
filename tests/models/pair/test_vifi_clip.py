"""The pair as a clip: the mean of CLIP's features before normalisation, or what the bundle's own ViFi-CLIP gives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from editjudge import BundleError
from editjudge.bundles.bundle import Bundle
from editjudge.models.clip import Clip
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.vifi_clip import VifiClip
from editjudge.types import Placement
from support.pair_bundle import make_pair_bundle

RED, BLUE, DARK = (np.full((30, 40, 3), colour, np.uint8) for colour in ((255, 0, 51), (0, 0, 255), (51, 51, 51)))


@pytest.fixture
def plain(toy: Bundle) -> VifiClip:
    return ModelSet(toy, "cpu", 1).model(VifiClip)


def unit(*numbers: float) -> np.ndarray:
    return np.array(numbers) / np.linalg.norm(numbers)


def test_the_mean_is_taken_before_features_are_normalised(plain: VifiClip) -> None:
    """The toy's CLIP sees (colour / 255 - 0.5) / 0.25: a dark picture's feature is shorter than a bright one's."""
    edits = plain.edits([(RED, BLUE), (RED, DARK)])
    assert edits.dtype == np.float32
    np.testing.assert_allclose(edits[0], unit(0, -2, 0.4), atol=1e-6)
    np.testing.assert_allclose(edits[1], unit(0.4, -1.6, -1.2), atol=1e-6)
    normalised_first = unit(*(unit(2, -2, -1.2) + unit(-1.2, -1.2, -1.2)))
    assert np.abs(edits[1] - normalised_first).max() > 0.01


def test_it_does_not_know_which_picture_comes_first(plain: VifiClip, studio: Bundle) -> None:
    for encoder in (plain, ModelSet(studio, "cpu", 1).model(VifiClip)):
        there, back = encoder.edits([(RED, BLUE)]), encoder.edits([(BLUE, RED)])
        np.testing.assert_allclose(there, back, atol=1e-6)


def test_by_the_clip_of_the_studio_bundle(studio: Bundle) -> None:
    random = np.random.default_rng(0)
    pairs = [tuple(random.integers(0, 256, (64, 96, 3), np.uint8) for _ in range(2)) for _ in range(3)]
    models = ModelSet(studio, "cpu", 1)
    edits = models.model(VifiClip).edits(pairs)
    for edit, pair in zip(edits, pairs, strict=True):
        mean = models.model(Clip).images(pair).astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(edit, mean / np.linalg.norm(mean), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(edits, axis=1), 1, atol=1e-6)
    text = models.model(VifiClip).texts(["remove the cat"])[0]
    clips = models.model(Clip).texts(["remove the cat"])[0]
    np.testing.assert_allclose(text, clips / np.linalg.norm(clips), atol=1e-6)


def test_pictures_of_several_sizes(plain: VifiClip) -> None:
    edits = plain.edits([(RED, BLUE), (RED[:1, :1], BLUE[:1, :1]), (RED[:1], BLUE[:1])])
    np.testing.assert_allclose(edits, edits[:1].repeat(3, axis=0), atol=1e-6)


def test_a_bundles_own_model_is_fed_in_its_own_way(pair_models: ModelSet) -> None:
    """The toy's weighs the first frame by a quarter and the second by three, of colours that are not normalised."""
    edits = pair_models.model(VifiClip).edits([(RED, BLUE), (BLUE, RED), (RED, RED)])
    np.testing.assert_allclose(edits[0], unit(0.25, 0, 0.8), atol=1e-6)
    np.testing.assert_allclose(edits[1], unit(0.75, 0, 0.4), atol=1e-6)
    np.testing.assert_allclose(edits[2], unit(1, 0, 0.2), atol=1e-6)


def test_its_frames_are_stacked_edit_by_edit(pair_models: ModelSet) -> None:
    class Watched:
        placement = Placement("cpu", "NumPy")

        def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
            (self.frames,) = feeds.values()
            return {"edit_embeds": np.ones((len(self.frames), 3), np.float32)}

    watched = Watched()
    models = ModelSet(pair_models.bundle, "cpu", open_session=lambda *_: watched)
    models.model(VifiClip).edits([(RED, BLUE), (BLUE, DARK), (DARK, RED)])
    assert watched.frames.shape == (3, 2, 3, 16, 16)
    assert watched.frames.dtype == np.float32
    np.testing.assert_allclose(watched.frames[:, :, :, 0, 0] * 255, [
        [(255, 0, 51), (0, 0, 255)], [(0, 0, 255), (51, 51, 51)], [(51, 51, 51), (255, 0, 51)],
    ], atol=1e-3)  # fmt: skip


def test_its_texts_have_a_length_of_their_own(plain: VifiClip, pair_models: ModelSet) -> None:
    """[CLS] and [EOS] belong to each: of four tokens two are words, of six four."""
    own = pair_models.model(VifiClip)
    np.testing.assert_allclose(own.texts(["cat dog dog dog"])[0], unit(4, 1, 1), atol=1e-6)
    np.testing.assert_allclose(plain.texts(["cat dog dog dog"])[0], unit(6, 1, 3), atol=1e-6)
    assert [own.is_cut(text) for text in ("", "cat dog", "cat dog dog")] == [False, False, True]
    assert [plain.is_cut(text) for text in ("cat dog dog dog", "cat " * 5)] == [False, True]


def test_of_the_studio_300_words_are_cut(studio: Bundle) -> None:
    encoder = ModelSet(studio, "cpu", 1).model(VifiClip)
    long = " ".join(["remove the red car on the left"] * 43)
    assert len(long.split()) == 301
    assert encoder.is_cut(long)
    assert not encoder.is_cut("remove the red car on the left")
    np.testing.assert_array_equal(encoder.texts([long]), encoder.texts([f"{long} and add a dog"]))


def test_pictures_without_a_feature_stay_without(toy: Bundle) -> None:
    """Black and white lie opposite each other in the toy's eyes: their mean is nothing."""
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    np.testing.assert_array_equal(ModelSet(toy, "cpu", 1).model(VifiClip).edits([(black, white)]), [[0, 0, 0]])


@pytest.mark.parametrize("missing", ["vifi_clip_text", "vifi_clip_tokenizer"])
def test_half_a_model(missing: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("half") / "bundle"
    bundle = make_pair_bundle(folder)
    files = {role: entry for role, entry in bundle.manifest.files.items() if role != missing}
    object.__setattr__(bundle.manifest, "files", files)
    with pytest.raises(BundleError, match=f"has no file of role {missing}; choose or build one that has it"):
        ModelSet(bundle, "cpu", 1).model(VifiClip)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "nothing as edit_embeds"),
        ({"edit_embeds": np.zeros((2, 3), np.float32)}, "float32 of 2 x 3 as edit_embeds instead of 1 x n"),
        ({"edit_embeds": np.zeros(3, np.float32)}, "float32 of 3 as edit_embeds"),
        ({"edit_embeds": np.full((1, 3), np.nan, np.float32)}, "values that are no numbers"),
        ({"edit_embeds": np.zeros((1, 3), np.int64)}, "int64 of 1 x 3"),
        ({"edit_embeds": np.zeros((1, 2), np.float32)}, "vectors of 3 numbers and the other of 2"),
    ],
    ids=["nothing", "other_count", "no_rows", "nan", "integers", "other_space"],
)
def test_a_graph_that_gives_something_else(given: Mapping[str, np.ndarray], found: str, pair_models: ModelSet) -> None:
    class Broken:
        placement = Placement("cpu", "NumPy")

        def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
            return {"text_embeds": np.ones((1, 3), np.float32)} if "input_ids" in feeds else given

    encoder = ModelSet(pair_models.bundle, "cpu", open_session=lambda *_: Broken()).model(VifiClip)
    encoder.texts(["cat"])
    with pytest.raises(BundleError, match=found):
        encoder.edits([(RED, BLUE)])
