"""Metrics of the pixels alone: two pictures uint8[H, W, 3] of one size in, a number out. No model."""

from __future__ import annotations

import numpy as np

from editjudge.image.difference import change_map
from editjudge.metrics.base import FormulaMetric, MetricSpec
from editjudge.types import Doubles, Image
from editjudge.utils.libraries.opencv import cv2

WINDOW, SIGMA = 11, 1.5
"""Of SSIM: the side of the Gaussian window and its standard deviation, in pixels of the pictures that are compared,
whatever their frame (Wang et al. 2004)."""
STABILISERS = ((0.01 * 255) ** 2, (0.03 * 255) ** 2)


def l2(original: Image, edited: Image) -> float:
    """0 to 1: the mean over the pixels of the distance that S_preserve takes outside the masks."""
    return float(change_map(original, edited).mean())


def psnr(original: Image, edited: Image) -> float:
    """The peak signal-to-noise ratio in decibels, over all channels together; infinite for equal pictures."""
    error = float(np.mean(np.square(np.subtract(edited, original, dtype=np.float64))))
    return 10.0 * float(np.log10(255.0**2 / error)) if error else float("inf")


def ssim(original: Image, edited: Image) -> float:
    """-1 to 1: structural similarity as Wang et al. have it, the mean over the channels; NaN below 11 pixels a side.

    As scikit-image with gaussian_weights, sigma 1.5 and use_sample_covariance off; only places that the window does not
    reach beyond the picture from count.
    """
    if min(original.shape[:2]) < WINDOW:
        return float("nan")
    one, other = original.astype(np.float64), edited.astype(np.float64)
    mean_one, mean_other = _blurred(one), _blurred(other)
    spread = _blurred(one * one) + _blurred(other * other) - mean_one**2 - mean_other**2
    shared = _blurred(one * other) - mean_one * mean_other
    first, second = STABILISERS
    likeness = (2 * mean_one * mean_other + first) * (2 * shared + second)
    likeness /= (mean_one**2 + mean_other**2 + first) * (spread + second)
    return float(likeness.mean())


def _blurred(picture: Doubles) -> Doubles:
    """float64[H - 10, W - 10, 3]."""
    edge = WINDOW // 2
    blurred: Doubles = np.asarray(cv2.GaussianBlur(picture, (WINDOW, WINDOW), SIGMA), dtype=np.float64)
    return blurred[edge:-edge, edge:-edge]


L2 = FormulaMetric(
    MetricSpec(
        "l2",
        "L2",
        "0 to 1: how far the pixels lie apart, on average",
        range=(0.0, 1.0),
        higher_is_better=False,
    ),
    lambda context: l2(context.original, context.edited),
)
SSIM = FormulaMetric(
    MetricSpec("ssim", "SSIM", "-1 to 1: how alike the pictures are in their structure", range=(-1.0, 1.0)),
    lambda context: ssim(context.original, context.edited),
)
PSNR = FormulaMetric(
    MetricSpec("psnr", "PSNR", "decibels: how little the pixels differ; infinite: not at all", range=(None, None)),
    lambda context: psnr(context.original, context.edited),
)
