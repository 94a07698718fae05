"""The models that compare whole pictures: how they are fed."""

from __future__ import annotations

import numpy as np

from editjudge.bundles.bundle import Bundle
from editjudge.models.model_set import ModelSet
from editjudge.models.perceptual import embed


def test_a_picture_is_stretched_or_cut_as_the_bundle_says(toy: Bundle) -> None:
    stripes = np.zeros((20, 60, 3), np.uint8)
    stripes[:, 20:40] = 255
    models = ModelSet(toy, "cpu", 1)
    np.testing.assert_allclose(embed(models, "dino", [stripes])[0], 2, atol=1e-4)  # the middle 16 of 20 x 60
    averaged = embed(models, "dinov2", [stripes, 255 - stripes])
    assert averaged.shape == (2, 3)
    np.testing.assert_allclose(averaged, 2, atol=1e-4)  # the largest value of what was stretched
