"""How far the differences that were found are those that are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.differences.cases import KnownDifference
from editjudge.evaluation.statistics.average_precision import (
    THRESHOLDS,
    PictureDetections,
    RankedDetections,
    match_boxes,
    overlap,
)
from editjudge.metrics.dice.difference import Corners, Difference
from editjudge.types import Doubles

STRONG = 0.3
"""The share of the strongest difference's energy from which one is part of the box around all."""
SURE = 0.5
"""The confidence from which it is, as another way of choosing."""
FOUND, NEAR = 0.5, 0.3
"""The IoU from which a known difference was found, and was nearly."""

Match = tuple[Difference, KnownDifference]


@dataclass(frozen=True)
class ComparedPair:
    """What was found of a pair, and what is known of it."""

    found: tuple[Difference, ...]
    known: tuple[KnownDifference, ...]

    def match(self, thresholds: Sequence[float]) -> list[list[Match]]:
        """What was found together with what it is, at each threshold of the IoU."""
        taken = match_boxes(*self._boxes(), np.asarray(thresholds, np.float64))
        return [
            [(self.found[index], self.known[other]) for index, other in enumerate(row) if other >= 0] for row in taken
        ]

    def detections(self) -> PictureDetections:
        """For the precision of boxes alone, at COCO's thresholds."""
        right = match_boxes(*self._boxes()) >= 0
        return PictureDetections(self._boxes()[1], right, np.ones_like(right), len(self.known))

    def decisions(self) -> PictureDetections:
        """The same where the decision too must be right; what cannot be decided by eye does not count."""
        taken = match_boxes(*self._boxes())
        truth = np.array([known.coherent for known in self.known] + [None], object)[taken]
        found = np.array([one.coherent for one in self.found], object)
        counted = (taken < 0) | (truth != None)  # noqa: E711 (element by element)
        right = (taken >= 0) & counted & (truth == found)
        targets = sum(known.coherent is not None for known in self.known)
        return PictureDetections(self._boxes()[1], right.astype(bool), counted.astype(bool), targets)

    def _boxes(self) -> tuple[Doubles, Doubles, Doubles]:
        """float64[D, 4] and their confidence float64[D], and float64[T, 4]."""
        found = np.array([one.box for one in self.found], np.float64).reshape(-1, 4)
        known = np.array([one.box for one in self.known], np.float64).reshape(-1, 4)
        return found, np.array([one.confidence for one in self.found], np.float64), known


def average_precision(pictures: Iterable[PictureDetections]) -> tuple[float, float]:
    """COCO's, at an IoU of .50 and the mean over .50:.05:.95."""
    pictures = list(pictures)
    averages = RankedDetections.of(pictures).average_precision(np.ones((1, len(pictures))))[0]
    return float(averages[THRESHOLDS.tolist().index(FOUND)]), float(averages.mean())


def compare_kinds(pairs: Iterable[ComparedPair], threshold: float) -> list[bool]:
    """Of every difference that was found, and whose kind can be told, whether its kind is right."""
    return [
        found.change == known.change
        for pair in pairs
        for found, known in pair.match([threshold])[0]
        if known.change is not None
    ]


def compare_decisions(pairs: Iterable[ComparedPair]) -> list[bool]:
    """Of every difference that was found, and of which it is known, whether "asked for" is right; undecided is not."""
    return [found.coherent == known.coherent for found, known in _decided(pairs)]


def compare_told(pairs: Iterable[ComparedPair]) -> list[bool]:
    """The same of those alone of which it was decided."""
    return [found.coherent == known.coherent for found, known in _decided(pairs) if found.coherent is not None]


def find_excuses(pairs: Iterable[ComparedPair]) -> list[bool]:
    """Of every difference that was found, not asked for, and decided, whether it was said to be asked for."""
    return [
        found.coherent for found, known in _decided(pairs) if known.coherent is False and found.coherent is not None
    ]


def _decided(pairs: Iterable[ComparedPair]) -> list[Match]:
    return [match for pair in pairs for match in pair.match([FOUND])[0] if match[1].coherent is not None]


def enclose(boxes: Sequence[Corners]) -> Corners | None:
    """The box around all; None of none."""
    if not boxes:
        return None
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def compare_extent(found: Sequence[Difference], drawn: Corners) -> tuple[float, float]:
    """The IoU with a drawn box of the one around what is strong, and of the one around what is sure; 0 of none."""
    chosen = [one.box for one in found if one.energy >= STRONG], [one.box for one in found if one.confidence >= SURE]
    strong, sure = (_overlap(enclose(boxes), drawn) for boxes in chosen)
    return strong, sure


def _overlap(box: Corners | None, other: Corners) -> float:
    return 0.0 if box is None else float(overlap(np.array([box]), np.array([other]))[0, 0])
