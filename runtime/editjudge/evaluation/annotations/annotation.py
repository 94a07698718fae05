"""The differences of a pair of pictures as a file holds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from editjudge.metrics.dice.difference import Change, Corners, PictureDifferences
from editjudge.types import Doubles


@dataclass(frozen=True)
class AnnotatedDifference:
    """One difference, found or true.

    Attributes:
        element: What it is; None where nobody said.
        box: x0, y0, x1, y1 in shares of the picture's width and height, 0 to 1.
        confidence: 0 to 1; None where nobody said.
        coherent: Whether it was asked for; None where nobody said.
        rationale: Why, in words.
    """

    change: Change
    element: str | None
    box: Corners
    confidence: float | None = None
    coherent: bool | None = None
    rationale: str | None = None


@dataclass(frozen=True)
class AnnotatedPair:
    """Two pictures by their names, which tell pairs apart, and their differences.

    Attributes:
        size: The width and height of the original in pixels; None where nobody said.
    """

    original: str
    edited: str
    differences: tuple[AnnotatedDifference, ...]
    instruction: str | None = None
    size: tuple[int, int] | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.original, self.edited

    @classmethod
    def of(
        cls,
        found: PictureDifferences,
        names: tuple[str, str],
        size: tuple[int, int],
        instruction: str | None = None,
    ) -> AnnotatedPair:
        """What was found of two pictures.

        Args:
            names: Of the original and of the edited picture.
            size: The width and height of the original in pixels, which its boxes lie in.
        """
        width, height = size
        differences = [
            AnnotatedDifference(
                one.change,
                one.element,
                (one.box[0] / width, one.box[1] / height, one.box[2] / width, one.box[3] / height),
                one.confidence,
                one.coherent,
                one.rationale,
            )
            for one in found.differences
        ]
        return cls(*names, tuple(differences), instruction, size)

    def to_dict(self) -> dict[str, Any]:
        """The object of a line of JSON: boxes in pixels of the original, or in shares of it where there is no size."""
        width, height = self.size or (None, None)
        scale = np.array((width or 1, height or 1) * 2, dtype=np.float64)
        differences = [
            {**vars(one), "box": [float(side) for side in np.array(one.box) * scale]} for one in self.differences
        ]
        return {
            "original": self.original,
            "edited": self.edited,
            "instruction": self.instruction,
            "width": width,
            "height": height,
            "differences": differences,
        }


def boxes_of(differences: Iterable[AnnotatedDifference]) -> Doubles:
    """float64[N, 4], in shares of the picture; the IoU of two boxes is the same in shares as in pixels."""
    return np.array([one.box for one in differences], dtype=np.float64).reshape(-1, 4)
