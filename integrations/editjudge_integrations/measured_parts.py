"""The numbers of a score that are averaged over many edits, and their means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from editjudge import EditScore

RANGES = {
    "bpm": (0.0, 2.0),
    "semantic": (0.0, 2.0),
    "region": (0.0, 2.0),
    "modify": (0.0, 1.0),
    "preserve": (0.0, 1.0),
    "position": (0.0, 1.0),
    "size": (0.0, 1.0),
}
"""The least and the greatest value of each; for all of them, more is better."""
PARTS = tuple(RANGES)


def read_parts(score: EditScore) -> dict[str, float | None]:
    """Each of PARTS; None: it does not apply to this edit, or was not measured."""
    semantic, region = score.semantic, score.region
    return {
        "bpm": score.bpm,
        "semantic": semantic.score,
        "region": region.score,
        "modify": semantic.modify,
        "preserve": semantic.preserve,
        "position": region.position,
        "size": region.size,
    }


@dataclass
class PartSums:
    """Sums over edits, in the order of PARTS.

    Attributes:
        totals: Of what was measured.
        measured: How many edits that was.
        edits: How many there are in all.
    """

    totals: list[float] = field(default_factory=lambda: [0.0] * len(PARTS))
    measured: list[int] = field(default_factory=lambda: [0] * len(PARTS))
    edits: int = 0


def add_up_parts(scores: Iterable[EditScore]) -> PartSums:
    """The sums over some edits; what was not measured is left out, and no 0."""
    sums = PartSums()
    for score in scores:
        sums.edits += 1
        for place, value in enumerate(read_parts(score).values()):
            if value is not None:
                sums.totals[place] += value
                sums.measured[place] += 1
    return sums
