"""An AlexNet with seeded weights and pairs of pictures, on which LPIPS is compared with that of the `lpips` package."""

from __future__ import annotations

import numpy as np
from skimage import data

SHAPES = {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3), 8: (256, 384, 3), 10: (256, 256, 3)}
"""Output channels, input channels and side of AlexNet's convolutions, by torchvision's numbers for them."""


def alexnet() -> dict[str, np.ndarray]:
    """float32 weights by torchvision's names, as large as keeps the activations alive."""
    rng = np.random.default_rng(0)
    weights: dict[str, np.ndarray] = {}
    for place, (outputs, inputs, side) in SHAPES.items():
        scale = np.sqrt(2 / (inputs * side * side))
        kernel = rng.standard_normal((outputs, inputs, side, side)) * scale
        weights[f"features.{place}.weight"] = kernel.astype(np.float32)
        weights[f"features.{place}.bias"] = (0.1 * rng.standard_normal(outputs)).astype(np.float32)
    return weights


def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    """uint8[128, 128, 3] twice each: other places of a photograph, a little noise, none."""
    cat = data.chelsea()
    one, other = (np.ascontiguousarray(cat[top : top + 128, left : left + 128]) for top, left in ((40, 60), (150, 200)))
    noise = np.random.default_rng(1).normal(0, 10, one.shape)
    return [(one, other), (one, np.clip(one + noise, 0, 255).astype(np.uint8)), (one, one)]
