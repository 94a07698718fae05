"""The network that the domain probe's training fits, against what the runtime computes from its file."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs editjudge[studio]")
pytest.importorskip("transformers", reason="needs editjudge[studio]")

from studio.calibration.domain_probe import Net  # noqa: E402

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
