"""Feature vectors and how alike they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""float32[D], a CLIP feature, not normalised."""

NOISE_FLOOR = 0.3
"""A change of a picture's feature below this share of its norm has no direction to speak of. Ours."""


def cosine(one: Vector, other: Vector) -> float:
    """-1 to 1; 0 when one of the two is zero."""
    norms = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(np.clip(np.dot(one, other) / norms, -1.0, 1.0)) if norms else 0.0


def direction(before: Vector, after: Vector, wanted: Vector) -> float:
    """The cosine of after - before with the wanted direction, faded out where that change is hardly one."""
    change = after - before
    norm = float(np.linalg.norm(before)) * NOISE_FLOOR
    weight = min(1.0, float(np.linalg.norm(change)) / norm) if norm else 1.0
    return weight * cosine(change, wanted)


def to_unit_length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32[N, D], each vector of length 1; one of zeros stays so."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)  # whose squares have room there
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
