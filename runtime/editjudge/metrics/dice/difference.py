"""A difference of two pictures: where it is, of what kind, how sure that is, and whether it was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from editjudge.image.canvas import Content
from editjudge.types import ChangeKind, Drift, Image

Change = Literal["ADD", "REMOVE", "EDIT"]
"""Something is there that was not, is no longer there, or looks otherwise; DICE's commands."""
CHANGES: tuple[Change, ...] = get_args(Change)

Corners = tuple[float, float, float, float]
"""x0, y0, x1, y1."""


@dataclass(frozen=True)
class Difference:
    """One thing that changed.

    Attributes:
        change: Of what kind it is.
        element: What it is; None where that cannot be told.
        box: Where it is, in pixels of the original picture; what was added and what was edited as it lies in the edited
            picture, put in the original's place.
        share: Of the picture's pixels that it changed, 0 to 1.
        confidence: How likely it is that there is such a difference there, 0 to 1.
        coherent: Whether it was asked for; None where that was not asked, or cannot be told.
        coherence: How likely that is, 0 to 1.
        rationale: What was measured, in a sentence.
        partner: The index, among the differences, of the other half of a move; None where it is none.
        energy: How much it changed, against the strongest, 0 to 1.
    """

    change: Change
    element: str | None
    box: Corners
    share: float
    confidence: float
    coherent: bool | None
    coherence: float | None
    rationale: str
    partner: int | None = None
    energy: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "box": list(self.box)}


@dataclass(frozen=True)
class DifferenceEvidence:
    """The arrays behind a list of differences.

    Attributes:
        original, edited: uint8[H, W, 3], in one frame; the edited one in the place and tone of the original.
        labels: uint8[h, w], small: 0 where nothing changed, and 1 more than the index of the difference elsewhere.
        content: The part of the original, as it was handed in, that the frame shows.
    """

    original: Image
    edited: Image
    labels: NDArray[np.uint8]
    content: Content

    @classmethod
    def none(cls) -> DifferenceEvidence:
        """Arrays of no pixels: for who keeps many."""
        nothing = np.zeros((0, 0, 3), np.uint8)
        return cls(nothing, nothing, np.zeros((0, 0), np.uint8), Content.whole(0, 0))


@dataclass(frozen=True)
class PictureDifferences:
    """What changed between two pictures.

    Attributes:
        kind: What happened to the picture as a whole.
        alignment: What of that was no edit.
        changed_share: Of the picture's pixels that changed, 0 to 1.
        differences: The strongest first.
        left_out: How many weaker ones there are besides.
        element_reason: Why no difference has an element; None where one has, or there is none.
        unasked_share: Of all that changed, weighted by how much, the share that was not asked for, 0 to 1; None where
            that cannot be told.
        detector: What found them: "network" of the bundle, or "pixels" alone.
        flags: What is to be known of the comparison (`metrics.flags`).
        timings_ms: Milliseconds per stage, and in "total".
        bundle, version: What compared them.
        evidence: The arrays that it rests on.
    """

    kind: ChangeKind
    alignment: Drift
    changed_share: float
    differences: tuple[Difference, ...]
    left_out: int = 0
    element_reason: str | None = None
    unasked_share: float | None = None
    detector: Literal["network", "pixels"] = "pixels"
    flags: tuple[str, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict, compare=False)
    bundle: str = ""
    version: str = ""
    evidence: DifferenceEvidence = field(default_factory=DifferenceEvidence.none, repr=False, compare=False)

    @property
    def worst(self) -> int | None:
        """The index of the strongest difference that was not asked for; None: there is none."""
        return find_worst(self.differences)

    def to_dict(self) -> dict[str, Any]:
        """The JSON that the command line prints."""
        return {
            **{name: value for name, value in vars(self).items() if name != "evidence"},
            "alignment": asdict(self.alignment),
            "differences": [difference.to_dict() for difference in self.differences],
            "flags": list(self.flags),
            "worst": self.worst,
        }


def find_worst(differences: Sequence[Difference]) -> int | None:
    """The index of the first, which is the strongest, that was not asked for; None: there is none."""
    return next((index for index, one in enumerate(differences) if one.coherent is False), None)
