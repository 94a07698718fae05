"""Where an edit is when none of its objects was found by name: where the picture changed."""

from __future__ import annotations

from editjudge.metrics.dice.difference import PictureDifferences
from editjudge.types import ALL, EditIntent, FoundBox

LOCATED = "located_by_change"
STRONG = 0.3
"""What a difference has of the strongest one's energy at least, to count as the edit's."""


def locate_by_change(intent: EditIntent, found: PictureDifferences) -> dict[str, tuple[FoundBox, ...]] | None:
    """The strong differences as regions, with the phrases that were looked for; None where there is none.

    What was removed is in the original, what was added in the edited picture, and what was edited in both. Nothing is
    judged by them: that a picture changed somewhere does not say that this is what was named.
    """
    if intent.is_global:
        return None
    strong = [one for one in found.differences if one.energy >= STRONG and one.coherent is not False]
    sides = {"original": ("ADD", intent.source), "edited": ("REMOVE", intent.target)}
    regions = {
        side: tuple(FoundBox(phrase, one.box, one.confidence) for one in strong if one.change != other)
        if phrase not in (None, ALL) else ()
        for side, (other, phrase) in sides.items()
    }  # fmt: skip
    return regions if any(regions.values()) else None
