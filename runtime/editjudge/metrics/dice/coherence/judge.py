"""Whether a difference was asked for: a logistic regression on how it fits what was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from editjudge.bundles.settings import CoherenceSettings
from editjudge.metrics.dice.coherence.fit import PartView, RegionFit, measure_fit
from editjudge.metrics.dice.regions.detect import DetectedRegions

UNLOCATED = CoherenceSettings()
"""Where nothing is known of places and looks, as on photographs in a bundle that was not made for them."""


@dataclass(frozen=True)
class Coherence:
    """Whether a region was asked for.

    Attributes:
        probability: How likely that is, 0 to 1.
        coherent: Whether it counts so.
        part: What was asked for that it fits best.
        fit: How.
    """

    probability: float
    coherent: bool
    part: PartView
    fit: RegionFit


def judge_regions(
    found: DetectedRegions, parts: Sequence[PartView], settings: CoherenceSettings | None
) -> list[Coherence | None]:
    """Of each region whether it was asked for; None where nothing was asked.

    Both halves of a move are judged as one.

    Args:
        found: The regions.
        parts: What was asked for.
        settings: The weights of the bundle; None: it has none, so that places and looks do not count.
    """
    if not parts:
        return [None] * len(found.regions)
    strongest = max((region.energy for region in found.regions), default=1.0)
    judged = []
    for index, region in enumerate(found.regions):
        strength, moved = region.energy / strongest, index in found.partners
        fits = [measure_fit(region, part, found.pictures, strength=strength, moved=moved) for part in parts]
        judged.append(max((_judge(part, fit, settings) for part, fit in zip(parts, fits, strict=True)), key=_likely))
    return [_with_partner(judged, found.partners.get(index), one) for index, one in enumerate(judged)]


def _likely(judged: Coherence) -> float:
    return judged.probability


def _with_partner(judged: Sequence[Coherence], partner: int | None, one: Coherence) -> Coherence:
    """The half of a move, with what is said of the move: as likely as its less likely half."""
    if partner is None or judged[partner].probability >= one.probability:
        return one
    other = judged[partner]
    return Coherence(other.probability, other.coherent, one.part, one.fit)


def _judge(part: PartView, fit: RegionFit, settings: CoherenceSettings | None) -> Coherence:
    used = UNLOCATED if settings is None or part.where is None else settings
    logit = used.bias + sum(getattr(used, name) * value for name, value in describe_fit(fit, part).items())
    probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
    return Coherence(probability, probability >= used.sure, part, fit)


def describe_fit(fit: RegionFit, part: PartView) -> dict[str, float]:
    """What the regression looks at, by the names that settings have for it."""
    return asdict(fit)
