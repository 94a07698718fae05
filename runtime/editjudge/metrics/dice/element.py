"""What changed, by name: CLIP's best of the phrases that were asked for and of the names that the bundle has."""

from __future__ import annotations

from collections.abc import Sequence

from editjudge.image.vectors import Vector
from editjudge.metrics.dice.coherence.looks import RegionLooks, Vocabulary

UNSURE = "no name fits well enough to be told"


def name_elements(looks: Sequence[RegionLooks], vocabulary: Vocabulary, sure: float) -> list[str | None]:
    """The name of each region that was looked at; None where none is `sure` enough."""
    seen = [look.before if look.after is None else look.after for look in looks]
    return [None if one is None else _choose(one, vocabulary, sure) for one in seen]


def _choose(seen: Vector, vocabulary: Vocabulary, sure: float) -> str | None:
    """The likeliest name, if it and others of the same thing, as "blue car" and "car", are likely enough."""
    likely = vocabulary.rate(seen)
    best = vocabulary.names[int(likely.argmax())]
    same = [name.split()[-1] == best.split()[-1] for name in vocabulary.names]
    return best if likely[same].sum() >= sure else None
