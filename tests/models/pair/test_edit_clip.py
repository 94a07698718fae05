"""The directed embedding of an edit: which picture came first, what the graph is fed with, and what it may give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from editjudge import BundleError, InputError
from editjudge.bundles.bundle import Bundle
from editjudge.models.clip import Clip
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.edit_clip import EditClip
from editjudge.models.pair.encoder import ENCODERS, open_pair_encoder
from editjudge.models.pair.views import DETAIL, PLACES, view_pair
from editjudge.models.pair.vifi_clip import VifiClip
from editjudge.types import Placement
from support.pair_bundle import make_pair_bundle

RED, BLUE, DARK = (np.full((30, 40, 3), colour, np.uint8) for colour in ((255, 0, 51), (0, 0, 255), (51, 51, 51)))


def unit(*numbers: float) -> np.ndarray:
    return np.array(numbers) / np.linalg.norm(numbers)


class Watched:
    """In the place of the graph that fuses: embeds an edit as the sum of all it is fed, after less before."""

    placement = Placement("cpu", "NumPy")

    def __init__(self) -> None:
        self.fed: list[dict[str, np.ndarray]] = []

    def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        self.fed.append({name: array.copy() for name, array in feeds.items()})
        change = feeds["features"][:, :, 1] - feeds["features"][:, :, 0]
        shown = (feeds["details"][:, :, 1] - feeds["details"][:, :, 0]).sum(axis=(1, 3, 4))
        return {"edit_embeds": change.sum(axis=1) + shown + 0 * feeds["boxes"].sum() + 0 * feeds["seen"].sum()}


def watched(models: ModelSet) -> tuple[EditClip, Watched]:
    """The encoder of a bundle with another graph to fuse by."""
    graph = Watched()
    whole = models.model(EditClip)
    return EditClip(models.model(Clip), graph, whole._texts), graph


def test_an_edit_is_what_the_second_picture_has_over_the_first(pair_models: ModelSet) -> None:
    """The toy's graph takes the features of the whole pictures, (colour / 255 - 0.5) / 0.25, from each other."""
    edits = pair_models.model(EditClip).edits([(RED, BLUE), (DARK, RED), (BLUE, BLUE)])
    assert edits.dtype == np.float32
    np.testing.assert_allclose(edits[0], unit(-4, 0, 3.2), atol=1e-6)
    np.testing.assert_allclose(edits[1], unit(3.2, -0.8, 0), atol=1e-6)
    np.testing.assert_array_equal(edits[2], [0, 0, 0])  # nothing changed: no direction, and no number that is none


def test_an_edit_and_its_reversal_are_not_the_same(pair_models: ModelSet) -> None:
    encoder = pair_models.model(EditClip)
    there, back = encoder.both_ways(RED, BLUE)
    np.testing.assert_array_equal(there, encoder.edits([(RED, BLUE)])[0])
    np.testing.assert_allclose(there, -back, atol=1e-6)


def test_both_ways_swap_what_was_seen_of_the_frames_and_nothing_else(pair_models: ModelSet) -> None:
    encoder, graph = watched(pair_models)
    edited = RED.copy()
    edited[10:20, 5:15] = 255
    assert len(view_pair(RED, edited).boxes) == 2
    there, back = encoder.both_ways(RED, edited)
    (fed,) = graph.fed
    for name in ("features", "details"):
        np.testing.assert_array_equal(fed[name][1, :, 0], fed[name][0, :, 1])
        np.testing.assert_array_equal(fed[name][1, :, 1], fed[name][0, :, 0])
        assert (fed[name][0, :2, 0] != fed[name][0, :2, 1]).any()
    for name in ("boxes", "seen"):
        np.testing.assert_array_equal(fed[name][1], fed[name][0])
    np.testing.assert_allclose(there, -back, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm([there, back], axis=1), 1, atol=1e-6)


def test_what_the_graph_is_fed_with(pair_models: ModelSet) -> None:
    """Clip's features of the whole pictures and of the places, not normalised, in the order of the edits."""
    encoder, graph = watched(pair_models)
    edited = RED.copy()
    edited[10:20, 5:15] = 255
    views = view_pair(RED, edited)
    encoder.edits([(RED, BLUE), (RED, edited)])
    (fed,) = graph.fed
    assert {name: array.shape for name, array in fed.items()} == {
        "features": (2, PLACES, 2, 3),
        "details": (2, PLACES, 2, 3, DETAIL, DETAIL),
        "boxes": (2, PLACES, 4),
        "seen": (2, PLACES),
    }
    assert {array.dtype.name for array in fed.values()} == {"float32"}
    np.testing.assert_allclose(fed["features"][0, 0], [[2, -2, -1.2], [-2, -2, 2]], atol=1e-5)
    clip = pair_models.model(Clip)
    np.testing.assert_allclose(fed["features"][1, :2, 0], clip.images(views.before), atol=1e-5)
    np.testing.assert_allclose(fed["features"][1, :2, 1], clip.images(views.after), atol=1e-5)
    np.testing.assert_array_equal(fed["seen"], [[1, 0, 0, 0], [1, 1, 0, 0]])


def test_texts_have_a_graph_and_a_length_of_their_own(pair_models: ModelSet) -> None:
    """Eight tokens, of which [CLS] and [EOS] are two; the toy counts tokens, cats and dogs."""
    encoder = pair_models.model(EditClip)
    texts = encoder.texts(["cat", "dog " * 300, ""])
    np.testing.assert_allclose(texts, [unit(3, 1, 0), unit(8, 0, 6), unit(2, 0, 0)], atol=1e-6)
    assert [encoder.is_cut(text) for text in ("cat " * 6, "cat " * 7, "dog " * 300)] == [False, True, True]


def test_encoders_are_opened_by_their_names(pair_models: ModelSet, toy: Bundle) -> None:
    assert list(ENCODERS) == ["edit_clip", "vifi_clip"]
    assert isinstance(open_pair_encoder(pair_models), EditClip)
    assert open_pair_encoder(pair_models, "vifi_clip") is pair_models.model(VifiClip)
    plain = ModelSet(toy, "cpu", 1)
    assert isinstance(open_pair_encoder(plain, "vifi_clip"), VifiClip)
    with pytest.raises(InputError, match="there is no embedding 'clip'; choose one of edit_clip, vifi_clip"):
        open_pair_encoder(plain, "clip")
    with pytest.raises(
        BundleError, match="bundle toy has no model of role edit_clip; take vifi_clip, which any bundle"
    ):
        open_pair_encoder(plain)


@pytest.mark.parametrize("missing", ["edit_clip_text", "edit_clip_tokenizer"])
def test_half_a_model(missing: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    bundle = make_pair_bundle(tmp_path_factory.mktemp("half") / "bundle")
    files = {role: entry for role, entry in bundle.manifest.files.items() if role != missing}
    object.__setattr__(bundle.manifest, "files", files)
    with pytest.raises(BundleError, match=f"has no file of role {missing}; choose or build one that has it"):
        open_pair_encoder(ModelSet(bundle, "cpu", 1))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"image_embeds": np.ones((1, 3), np.float32)}, "nothing as edit_embeds instead of 1 x n"),
        ({"edit_embeds": np.ones((2, 3), np.float32)}, "float32 of 2 x 3 as edit_embeds instead of 1 x n"),
        ({"edit_embeds": np.ones((1, 1, 3), np.float32)}, "float32 of 1 x 1 x 3 as edit_embeds"),
        ({"edit_embeds": np.array([[1, np.inf, 0]], np.float32)}, "edit_embeds with values that are no numbers"),
        ({"edit_embeds": np.array([["a", "b", "c"]])}, "as edit_embeds instead of 1 x n"),
        (
            {"edit_embeds": np.ones((1, 4), np.float32)},
            "edit_clip's models gives vectors of 3 numbers and the other of 4",
        ),
    ],
    ids=["nothing", "other_count", "other_rank", "infinite", "words", "other_space"],
)
def test_a_graph_that_gives_something_else(given: Mapping[str, np.ndarray], found: str, pair_models: ModelSet) -> None:
    class Broken:
        placement = Placement("cpu", "NumPy")

        def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
            return given

    encoder = EditClip(pair_models.model(Clip), Broken(), pair_models.model(EditClip)._texts)
    encoder.texts(["cat"])
    with pytest.raises(BundleError, match=found) as raised:
        encoder.edits([(RED, BLUE)])
    assert str(raised.value).endswith("build the bundle again")


def test_large_pictures_and_single_pixels(pair_models: ModelSet) -> None:
    encoder = pair_models.model(EditClip)
    large = [np.full((4000, 5000, 3), shade, np.uint8) for shade in (10, 200)]
    pixels = [picture[:1, :1] for picture in large]
    of_large, of_pixels = encoder.edits([tuple(large), tuple(pixels)])
    np.testing.assert_allclose(of_large, unit(1, 1, 1), atol=1e-6)
    np.testing.assert_allclose(of_pixels, unit(1, 1, 1), atol=1e-6)
