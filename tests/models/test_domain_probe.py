"""What a bundle knows: the probe for pictures, the list of words."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from editjudge.errors import BundleError
from editjudge.models.domain_probe import Domain, Probe
from editjudge.models.model_set import ModelSet
from editjudge.types import EditIntent

PROBE = Probe(np.array([3, 4], np.float32), -2.0, threshold=0.5)
WORDS = Domain(None, frozenset({"red", "blue", "car", "palm", "tree"}))


def test_the_probe_does_not_mind_the_length_of_a_feature() -> None:
    # (0.6, 0.8) · (3, 4) - 2 = 3; (1, 0) · (3, 4) - 2 = 1; (0, -1) · (3, 4) - 2 = -6
    for length in (0.01, 1.0, 100.0):
        assert PROBE.accepts(np.array([0.6, 0.8], np.float32) * length)
        assert PROBE.accepts(np.array([1, 0], np.float32) * length)
        assert not PROBE.accepts(np.array([0, -1], np.float32) * length)
    assert not PROBE.accepts(np.zeros(2, np.float32))


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


def test_doubts() -> None:
    both = Domain(PROBE, WORDS.vocabulary)
    intent = EditIntent("remove", "sofa", None)
    assert both.doubts(intent, np.array([0, -1], np.float32)) == ("out_of_domain", "unknown_words")
    assert both.doubts(intent, np.array([1, 1], np.float32)) == ("out_of_domain", "unknown_words")
    assert Domain(both.probe, None).doubts(intent, np.array([1, 1], np.float32)) == ()
    assert WORDS.doubts(EditIntent("remove", "car", None), None) == ()


def open_domain(path: Path | None) -> Domain:
    """The domain of a bundle that has the probe of a file, or none."""
    bundle = SimpleNamespace(
        has=lambda role: role == "domain" and path is not None,
        settings=lambda role: SimpleNamespace(threshold=0.5),
        file=lambda role: path,
        vocabulary=lambda: None,
    )
    return ModelSet(bundle).model(Domain)  # type: ignore[arg-type]


def test_loading(tmp_path: Path) -> None:
    np.savez(tmp_path / "domain.npz", weight=np.ones(3, np.float32), bias=np.float32(0.25))
    probe = open_domain(tmp_path / "domain.npz").probe
    assert probe is not None
    assert (probe.weight.tolist(), probe.bias, probe.threshold) == ([1, 1, 1], 0.25, 0.5)
    assert open_domain(None).probe is None


def test_a_malformed_file_is_one_clear_sentence(tmp_path: Path) -> None:
    np.savez(tmp_path / "half.npz", weight=np.ones(3, np.float32))
    (tmp_path / "text.npz").write_text("no arrays")
    for name in ("half.npz", "text.npz"):
        with pytest.raises(BundleError, match="is not a domain probe"):
            open_domain(tmp_path / name)
