"""An original in the colours of the edited picture, where all of it got others: what is left differs in its pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.image.recolour import fit_weights
from editjudge.types import Floats, Image
from editjudge.utils.libraries.opencv import cv2

ROUNDS = 4
KEPT = 0.7  # of the cells that a fit explains best are fitted again


def recolour(original: Image, before: Floats, after: Floats) -> Image:
    """The original uint8[H, W, 3] with the linear change of colours that most cells went through.

    Args:
        original: The picture.
        before: float32[h, w, 3]: the mean colours of its cells.
        after: The same of the edited picture.
    """
    terms = np.column_stack([before.reshape(-1, 3), np.ones(before.shape[0] * before.shape[1], np.float32)])
    wanted = after.reshape(-1, 3)
    kept: NDArray[np.bool_] = np.ones(len(terms), bool)
    for _ in range(ROUNDS):
        weights = fit_weights(terms[kept], wanted[kept])
        miss = np.abs(terms @ weights - wanted).max(axis=1)
        kept = miss <= np.quantile(miss, KEPT)
    return np.asarray(cv2.transform(original, weights.T), np.uint8)
