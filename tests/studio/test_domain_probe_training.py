"""The network that the domain probe's training fits, against what the runtime computes from its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs editjudge[studio]")
pytest.importorskip("transformers", reason="needs editjudge[studio]")

from studio.calibration.domain_probe import Net, fit, write_probe  # noqa: E402

pytestmark = pytest.mark.export


def test_the_runtime_computes_what_was_trained() -> None:
    torch.manual_seed(3)
    rng = np.random.default_rng(3)
    net = Net(16).eval()
    features = rng.standard_normal((5, 16)).astype(np.float32)
    pictures = rng.integers(0, 256, (5, 64, 64, 3)).astype(np.uint8)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    with torch.no_grad():
        expected = net(torch.from_numpy(unit), torch.from_numpy(pictures)).numpy()
    probe = net.probe(0.25)
    logits = [probe.logit(feature, picture) for feature, picture in zip(features, pictures, strict=True)]
    np.testing.assert_allclose(logits, expected - 0.25, atol=1e-5)


def test_training_may_start_from_the_file_of_another_probe(tmp_path: Path) -> None:
    torch.manual_seed(4)
    first, second = Net(16), Net(16)
    write_probe(first.probe(0.0), tmp_path / "domain.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["domain.npz"]
    second.start_from(tmp_path / "domain.npz")
    for layer in ("edges", "shapes"):
        torch.testing.assert_close(getattr(second, layer).weight, getattr(first, layer).weight, rtol=0, atol=0)
        torch.testing.assert_close(getattr(second, layer).bias, getattr(first, layer).bias, rtol=0, atol=0)


def test_training_tells_what_differs_by_the_picture_or_by_the_embedding() -> None:
    """Known pictures are brighter, or have another embedding: either is enough to be told."""
    rng = np.random.default_rng(5)
    pictures = rng.integers(0, 128, (40, 64, 64, 3)).astype(np.uint8)
    features = np.tile(np.array([1, 0, 0, 0], np.float32), (40, 1))
    pictures[:10] += 100
    features[10:20] = 0, 1, 0, 0
    net = fit(torch.from_numpy(features), torch.from_numpy(pictures), inside=20, steps=40)
    with torch.no_grad():
        known = net(torch.from_numpy(features), torch.from_numpy(pictures)).numpy() > 0
    assert known.tolist() == [True] * 20 + [False] * 20
