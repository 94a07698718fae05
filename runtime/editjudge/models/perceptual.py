"""The models that compare whole pictures, and that only metrics need: LPIPS, DINO and DINOv2."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from editjudge.models.clip import picture_inputs
from editjudge.models.model_set import ModelSet
from editjudge.models.outputs import take
from editjudge.types import Image


def embed(models: ModelSet, role: str, images: Sequence[Image]) -> NDArray[np.float32]:
    """float32[N, D], not normalised: what DINO or DINOv2 makes of N pictures uint8[H, W, 3], in one run.

    Args:
        models: Where the model is opened.
        role: dino or dinov2.
        images: Of any sizes.

    Raises BundleError where the bundle has no such model.
    """
    session = models.session(role)
    return take(session.run(picture_inputs(images, models.bundle.settings(role))), "features", len(images), None)


def measure_distance(models: ModelSet, original: Image, edited: Image) -> float:
    """LPIPS of two pictures uint8[H, W, 3], from 0. Raises BundleError where the bundle has no such model."""
    session = models.session("lpips")
    pixels = picture_inputs([original, edited], models.bundle.settings("lpips"))["pixel_values"]
    return float(take(session.run({"original": pixels[:1], "edited": pixels[1:]}), "distance", 1)[0])
