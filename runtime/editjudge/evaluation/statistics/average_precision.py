"""Average precision as COCO defines it (Lin et al., 2014): boxes matched greedily by confidence within each picture,
at one threshold of the IoU after another, and precision interpolated at 101 points of recall.

Detections of one confidence keep the order that they came in, as a stable sort leaves them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.evaluation.statistics.bootstrap import Indices, ratio
from editjudge.types import Doubles

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""COCO's .50:.05:.95."""
RECALLS = np.linspace(0.0, 1.0, 101)

Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class PictureDetections:
    """D detections of one picture, and what they are worth at each of K thresholds.

    Attributes:
        confidence: float64[D].
        right: bool[K, D].
        counted: bool[K, D]; what is not counted is neither right nor wrong.
        targets: How many there are to be found.
    """

    confidence: Doubles
    right: Truths
    counted: Truths
    targets: int


@dataclass(frozen=True)
class RankedDetections:
    """The N detections of G pictures, the most confident first.

    Attributes:
        picture: int[N], below G.
        right, counted: bool[K, N].
        targets: float64[G].
    """

    picture: Indices
    right: Truths
    counted: Truths
    targets: Doubles

    @classmethod
    def of(cls, pictures: Iterable[PictureDetections]) -> RankedDetections:
        """Of at least one picture."""
        pictures = list(pictures)
        order = np.argsort(-np.concatenate([one.confidence for one in pictures]), kind="stable")
        number = np.repeat(np.arange(len(pictures)), [len(one.confidence) for one in pictures])
        return cls(
            picture=number[order],
            right=np.concatenate([one.right for one in pictures], axis=1)[:, order],
            counted=np.concatenate([one.counted for one in pictures], axis=1)[:, order],
            targets=np.array([one.targets for one in pictures], dtype=np.float64),
        )

    def average_precision(self, weights: Doubles) -> Doubles:
        """float64[B, K] for weights float64[B, G], which say how often each picture counts; NaN without targets.

        Between two detections that are right precision only falls, and recall stays: those that are right say it all.
        """
        times, targets = weights[:, self.picture], weights @ self.targets
        every = np.cumsum(times, axis=1)
        averages = np.empty((len(weights), len(self.right)))
        for threshold, (right, counted) in enumerate(zip(self.right, self.counted, strict=True)):
            listed = every if counted.all() else np.cumsum(times * counted, axis=1)
            found = np.cumsum(times[:, right], axis=1)
            precision = np.nan_to_num(ratio(found, listed[:, right]))
            best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]  # at this recall or a greater one
            recall = ratio(found, np.broadcast_to(targets[:, None], found.shape))
            averages[:, threshold] = [_interpolate(*curve) for curve in zip(recall, best, strict=True)]
        averages[targets == 0] = np.nan
        return averages

    def recall(self, weights: Doubles) -> Doubles:
        """float64[B, K]: the share of the targets that were found; NaN without targets."""
        found = weights[:, self.picture] @ self.right.T.astype(np.float64)
        return ratio(found, np.broadcast_to((weights @ self.targets)[:, None], found.shape))


def match_boxes(found: Doubles, confidence: Doubles, true: Doubles, thresholds: Doubles = THRESHOLDS) -> Indices:
    """int[K, D]: which of T true boxes each of D detections takes at each threshold; -1 for none.

    The most confident takes its box first: of those that are left, the one with the greatest IoU, where that reaches
    the threshold.

    Args:
        found, true: float64[D, 4] and float64[T, 4], x0, y0, x1, y1.
        confidence: float64[D].
    """
    taken = np.full((len(thresholds), len(found)), -1, dtype=np.intp)
    if not len(true):
        return taken
    overlaps = overlap(found, true)
    free = np.ones((len(thresholds), len(true)), dtype=bool)
    for index in np.argsort(-confidence, kind="stable"):
        left = np.where(free, overlaps[index], -1.0)
        best = len(true) - 1 - left[:, ::-1].argmax(axis=1)  # COCO takes the last of equals
        rows = np.flatnonzero(np.take_along_axis(left, best[:, None], axis=1)[:, 0] >= thresholds)
        taken[rows, index] = best[rows]
        free[rows, best[rows]] = False
    return taken


def overlap(found: Doubles, true: Doubles) -> Doubles:
    """float64[D, T]: the IoU of every two boxes, in double precision so that one at a threshold reaches it; 0 for two
    that are empty."""
    low = np.maximum(found[:, None, :2], true[None, :, :2])
    high = np.minimum(found[:, None, 2:], true[None, :, 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (found, true)]
    return np.nan_to_num(ratio(shared, areas[0][:, None] + areas[1][None, :] - shared))


def _interpolate(recall: Doubles, precision: Doubles) -> float:
    """The mean of the precision at the first detection that reaches each recall; 0 where none does."""
    return float(np.append(precision, 0.0)[np.searchsorted(recall, RECALLS)].mean())
