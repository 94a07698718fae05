"""What a bundle knows: the probe for pictures, the list of words."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from editjudge.errors import BundleError
from editjudge.models.domain_probe import Domain, Probe
from editjudge.models.model_set import ModelSet
from editjudge.models.picture_net import PictureNet
from editjudge.types import EditIntent

PROBE = Probe(np.array([3, 4], np.float32), -2.0, threshold=0.5)
PICTURE = np.zeros((10, 20, 3), np.uint8)
WORDS = Domain(None, frozenset({"red", "blue", "car", "palm", "tree"}))


def test_the_probe_does_not_mind_the_length_of_a_feature() -> None:
    # (0.6, 0.8) · (3, 4) - 2 = 3; (1, 0) · (3, 4) - 2 = 1; (0, -1) · (3, 4) - 2 = -6
    for length in (0.01, 1.0, 100.0):
        assert PROBE.accepts(np.array([0.6, 0.8], np.float32) * length, PICTURE)
        assert PROBE.accepts(np.array([1, 0], np.float32) * length, PICTURE)
        assert not PROBE.accepts(np.array([0, -1], np.float32) * length, PICTURE)
    assert not PROBE.accepts(np.zeros(2, np.float32), PICTURE)


@pytest.mark.parametrize(
    ("intent", "unknown"),
    [
        (EditIntent("color", "red car", "blue car"), False),
        (EditIntent("color", "Red CAR", "mauve car"), True),
        (EditIntent("add", None, "palm-tree", anchor="sofa"), True),
        (EditIntent("add", None, "palm-tree"), False),
        (EditIntent("remove", "car", None), False),
        (EditIntent("style", "all", "blue"), False),
    ],
)
def test_words(intent: EditIntent, unknown: bool) -> None:
    assert WORDS.has_unknown_words(intent) == unknown
    assert not Domain(None, None).has_unknown_words(intent)


def layers(rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    shapes = {
        "edges": (8 * 8 * 3, 5), "edges_bias": (5,), "shapes": (3 * 3 * 5, 7), "shapes_bias": (7,),
        "hidden": (14 + 2, 6), "hidden_bias": (6,), "output": (6,),
    }  # fmt: skip
    return {name: rng.standard_normal(shape).astype(np.float32) / 4 for name, shape in shapes.items()}


def test_the_network_adds_its_logit() -> None:
    net = PictureNet.from_arrays(layers(np.random.default_rng(1)), 2)
    both = Probe(PROBE.weight, PROBE.bias, PROBE.threshold, net)
    feature = np.array([0.6, 0.8], np.float32)
    assert both.logit(feature * 7, PICTURE) == pytest.approx(3 + net.logit(PICTURE, feature))
    assert net.logit(PICTURE, feature) != pytest.approx(net.logit(PICTURE + 90, feature))
    assert net.logit(PICTURE, feature) != pytest.approx(net.logit(PICTURE, feature[::-1]))


def test_the_network_by_hand() -> None:
    """One channel that is the red of a window's first pixel, one that adds nine of those up, its mean plus its peak.

    Of the embedding the first number counts thrice, the second is taken away.
    """
    edges, shapes = np.zeros((8 * 8 * 3, 1), np.float32), np.ones((9, 1), np.float32)
    edges[0] = 1
    zero, hidden = np.zeros(1, np.float32), np.array([[1], [1], [3], [-1]], np.float32)
    net = PictureNet(edges, zero, shapes, zero, hidden, zero, np.ones(1, np.float32))
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[4, 4] = 255
    # With 0.5 taken off only that pixel is positive: of 15 x 15 windows that at (1, 1), which 4 of 13 x 13 sums have.
    seen = 0.5 + 4 * 0.5 / 13**2
    assert net.logit(picture, np.array([0.6, 0.8], np.float32)) == pytest.approx(seen + 3 * 0.6 - 0.8)
    assert net.logit(picture, np.array([-0.6, 0.8], np.float32)) == 0


def test_doubts() -> None:
    both = Domain(PROBE, WORDS.vocabulary)
    intent = EditIntent("remove", "sofa", None)
    foreign, known = np.array([0, -1], np.float32), EditIntent("remove", "car", None)
    assert both.doubts(intent, PICTURE, foreign) == ("out_of_domain", "unknown_picture", "unknown_words")
    assert both.doubts(known, PICTURE, foreign) == ("out_of_domain", "unknown_picture")
    assert both.doubts(intent, PICTURE, np.array([1, 1], np.float32)) == ("out_of_domain", "unknown_words")
    assert Domain(both.probe, None).doubts(intent, PICTURE, np.array([1, 1], np.float32)) == ()
    assert WORDS.doubts(EditIntent("remove", "car", None), PICTURE, None) == ()


def open_domain(path: Path | None) -> Domain:
    """The domain of a bundle that has the probe of a file, or none."""
    bundle = SimpleNamespace(
        has=lambda role: role == "domain" and path is not None,
        settings=lambda role: SimpleNamespace(threshold=0.5),
        file=lambda role: path,
        words=lambda role: None,
    )
    return ModelSet(bundle).model(Domain)  # type: ignore[arg-type]


def test_loading(tmp_path: Path) -> None:
    np.savez(tmp_path / "domain.npz", weight=np.ones(3, np.float32), bias=np.float32(0.25))
    probe = open_domain(tmp_path / "domain.npz").probe
    assert probe is not None
    assert (probe.weight.tolist(), probe.bias, probe.threshold) == ([1, 1, 1], 0.25, 0.5)
    assert probe.net is None
    assert open_domain(None).probe is None


def test_loading_with_the_network(tmp_path: Path) -> None:
    arrays = layers(np.random.default_rng(2))
    np.savez(tmp_path / "domain.npz", weight=np.ones(2, np.float32), bias=np.float32(0), **arrays)  # type: ignore[arg-type]
    probe = open_domain(tmp_path / "domain.npz").probe
    assert probe is not None
    assert probe.net is not None
    feature = np.array([0.6, 0.8], np.float32)
    assert probe.net.logit(PICTURE, feature) == PictureNet.from_arrays(arrays, 2).logit(PICTURE, feature)


def test_a_malformed_file_is_one_clear_sentence(tmp_path: Path) -> None:
    np.savez(tmp_path / "half.npz", weight=np.ones(3, np.float32))
    np.savez(tmp_path / "torn.npz", weight=np.ones(3, np.float32), bias=np.float32(0), edges=np.ones((192, 2)))
    (tmp_path / "text.npz").write_text("no arrays")
    for name in ("half.npz", "torn.npz", "text.npz"):
        with pytest.raises(BundleError, match="is not a domain probe"):
            open_domain(tmp_path / name)
