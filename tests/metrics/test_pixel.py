"""Metrics of the pixels alone: by hand, and against scikit-image where it has them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage import data, metrics

from editjudge.metrics import pixel

CAT = data.chelsea()


@pytest.mark.parametrize("shape", [(300, 451), (11, 11), (12, 200), (64, 64)])
def test_ssim_and_psnr_are_scikit_images(shape: tuple[int, int]) -> None:
    one = np.ascontiguousarray(CAT[: shape[0], : shape[1]])
    noise = np.random.default_rng(0).normal(0, 20, one.shape)
    for other in (np.clip(one + noise, 0, 255).astype(np.uint8), one[::-1].copy(), one // 2):
        wang = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        wanted = metrics.structural_similarity(one, other, channel_axis=2, data_range=255, **wang)
        assert pixel.ssim(one, other) == pytest.approx(wanted, abs=1e-12)
        assert pixel.psnr(one, other) == pytest.approx(metrics.peak_signal_noise_ratio(one, other), abs=1e-9)


def test_equal_and_tiny_pictures() -> None:
    assert pixel.psnr(CAT, CAT) == math.inf
    assert pixel.ssim(CAT, CAT) == pytest.approx(1.0, abs=1e-12)
    assert pixel.l2(CAT, CAT) == 0.0
    assert math.isnan(pixel.ssim(CAT[:10, :50], CAT[:10, :50]))


def test_l2_by_hand() -> None:
    """Half of the picture differs by 30, 40 and 0 of 255 in its channels."""
    one = np.full((10, 10, 3), 100, np.uint8)
    other = one.copy()
    other[:5] += np.array([30, 40, 0], np.uint8)
    assert pixel.l2(one, other) == pytest.approx(0.5 * math.sqrt((30**2 + 40**2) / 3) / 255, abs=1e-7)
