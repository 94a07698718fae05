"""Feature vectors and how alike they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""float32[D], a CLIP feature, not normalised."""


def cosine(one: Vector, other: Vector) -> float:
    """-1 to 1; 0 when one of the two is zero."""
    norms = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(np.clip(np.dot(one, other) / norms, -1.0, 1.0)) if norms else 0.0
