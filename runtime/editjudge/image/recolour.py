"""What of a picture in another style a smooth change of its colours does not explain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.image.align import shrink
from editjudge.types import Floats, Image
from editjudge.utils.libraries.opencv import cv2

ROUNDS = 4
KEPT = 0.85  # of the pixels that a fit explains best are fitted again
SIDE = 64
"""Pixels of the longest side that they are compared at, as strokes and blocks are part of a style."""


def predict_recolouring(original: Image, edited: Image) -> tuple[Image, Image]:
    """What the edited picture would be if its colours alone had changed, and it itself; both small (SIDE).

    Colours change by a polynomial of the second degree, fitted without the pixels that it explains worst.

    Args:
        original: uint8[H, W, 3].
        edited: uint8[H, W, 3], of the same size.
    """
    one, other = (shrink(picture, SIDE) for picture in (original, edited))
    terms = _expand(one.reshape(-1, 3))
    wanted = other.reshape(-1, 3).astype(np.float32)
    kept: NDArray[np.bool_] = np.ones(len(terms), bool)
    for _ in range(ROUNDS):
        weights = fit_weights(terms[kept], wanted[kept])
        miss = np.abs(terms @ weights - wanted).max(axis=1)
        kept = miss <= np.quantile(miss, KEPT)
    predicted = np.clip(np.rint(terms @ weights), 0, 255).astype(np.uint8)
    return predicted.reshape(one.shape), other


def fit_weights(terms: Floats, wanted: Floats) -> Floats:
    """float32[T, C]: by what to weigh the terms float32[N, T] of each row, to come nearest to float32[N, C].

    Of terms that depend on each other the weights are the smallest. The rows are summed up first: a solver that goes
    over all of them has the threads of BLAS wait for each other at each of its many steps, and where other processes
    hold the cores, it takes a hundred times as long.
    """
    count = terms.shape[1]
    products = cv2.mulTransposed(np.hstack([terms, wanted]), True, dtype=cv2.CV_64F)  # exact enough for squares
    negligible = float(np.finfo(np.float32).eps) * len(terms)  # of the largest singular value
    found = np.linalg.lstsq(products[:count, :count], products[:count, count:], rcond=negligible**2)[0]
    return np.asarray(found, np.float32)


def explained_share(predicted: Image, seen: Image) -> float:
    """How much of the variance of a picture uint8[h, w, 3] a prediction explains, at most 1."""
    actual = seen.astype(np.float64)
    left = np.square(actual - predicted).sum()
    return float(1 - left / max(float(np.square(actual - actual.mean(axis=(0, 1))).sum()), 1.0))


def _expand(colours: NDArray[np.uint8]) -> Floats:
    """float32[N, 10]: colours, their products, and 1."""
    red, green, blue = (colours.astype(np.float32) / np.float32(255)).T
    products = [red * red, green * green, blue * blue, red * green, green * blue, red * blue]
    return np.stack([red, green, blue, *products, np.ones_like(red)], axis=1)
