"""Whether a difference was asked for, by how it fits what was.

Where the bundle knows what is in the pictures, its network tells. Elsewhere a logistic regression rates the little that
pixels and words show, kinds, colours and strength, and the decision is left open unless something measured makes it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from editjudge.metrics.dice.coherence.colours import find_colour
from editjudge.metrics.dice.coherence.fit import AWAY, HERE, PartView, RegionFit, measure_fit
from editjudge.metrics.dice.coherence.looks import RegionLooks
from editjudge.metrics.dice.regions.detect import DetectedRegions
from editjudge.models.coherence_net import CoherenceNet
from editjudge.types import EDIT_TYPES, Floats

BIAS, KIND, COLOUR, STRENGTH = -5.34, 5.41, 6.13, 1.62
"""Of the regression for what is not known; fitted on edits of photographs (`studio.calibration.coherence`)."""
ASKED, UNASKED = 0.7, 0.3
"""The least of its probabilities for what counts as asked for, and the greatest for what does not."""
FITTING, CONTRARY = 0.4, 0.25
"""How well the kind fits what was asked for: from which it speaks for it, and under which it speaks against it."""
TURNED, COLOURED = 0.05, 0.3
"""The change of the share of the asked colour: under which it is not done, and from which it is."""
WHOLE = 0.5
"""The share of a picture from which a change is what an instruction for all of it asked for, as far as that goes."""


@dataclass(frozen=True)
class Coherence:
    """Whether a region was asked for.

    Attributes:
        probability: How likely that is, 0 to 1.
        coherent: Whether it counts so; None where that cannot be told.
        part: What was asked for that it fits best.
        fit: How.
    """

    probability: float
    coherent: bool | None
    part: PartView
    fit: RegionFit


@dataclass(frozen=True)
class CoherenceJudge:
    """Tells whether regions were asked for.

    Attributes:
        net: The bundle's; None: it has none.
        sure: From which of its probabilities on a region counts as asked for.
    """

    net: CoherenceNet | None
    sure: float = ASKED

    def judge(
        self, found: DetectedRegions, parts: Sequence[PartView], looks: Sequence[RegionLooks]
    ) -> list[Coherence | None]:
        """Of each region whether it was asked for; None where nothing was asked.

        Both halves of a move are judged as one.

        Args:
            found: The regions.
            parts: What was asked for.
            looks: Those of the first regions.
        """
        if not parts:
            return [None] * len(found.regions)
        judged = []
        for index in range(len(found.regions)):
            look = looks[index] if index < len(looks) else None
            fits = [self._rate(found, index, part, measure_fit(found, index, part, look)) for part in parts]
            judged.append(max(fits, key=lambda one: one.probability))
        return [_with_partner(judged, found.partners.get(index), one) for index, one in enumerate(judged)]

    def _rate(self, found: DetectedRegions, index: int, part: PartView, fit: RegionFit) -> Coherence:
        if fit.kept >= HERE:
            return Coherence(0.0, False, part, fit)
        if self.net is None or part.where is None:
            share = found.regions[index].mask.size / (found.height * found.width)
            return _judge_alone(part, fit, is_all=part.intent.is_global and share >= WHOLE)
        probability = self.net.rate(describe_fit(fit, part, found.regions[index].kinds))
        return Coherence(probability, probability >= self.sure, part, fit)


def _judge_alone(part: PartView, fit: RegionFit, *, is_all: bool) -> Coherence:
    """Without a network: yes and no only where something that was measured decides it, else it cannot be told.

    That something was added where an addition was asked for decides nothing: so does much damage.
    """
    decision = _decide(part, fit, is_all)
    probability = rate_unlocated(fit)
    if decision is None:
        probability = min(max(probability, UNASKED), ASKED)
    else:
        probability = max(probability, ASKED) if decision else min(probability, UNASKED)
    return Coherence(probability, decision, part, fit)


def _decide(part: PartView, fit: RegionFit, is_all: bool) -> bool | None:
    colour = find_colour(part.intent.target, part.intent.source)
    is_against = fit.kind < CONTRARY or min(fit.stand, fit.size) < 0 or (colour is not None and fit.colour < TURNED)
    if fit.found and not part.intent.is_global:
        if is_against or fit.inside < AWAY:
            return False
        return True if fit.inside >= HERE and fit.kind >= FITTING else None
    if is_all:
        return True
    if is_against:
        return False
    return True if (colour is not None and fit.colour >= COLOURED and fit.kind >= FITTING) else None


def rate_unlocated(fit: RegionFit) -> float:
    """How likely a region was asked for, 0 to 1, where neither places nor looks are known."""
    logit = BIAS + KIND * fit.kind + COLOUR * fit.colour + STRENGTH * fit.strength
    return 1 / (1 + math.exp(-logit))


def describe_fit(fit: RegionFit, part: PartView, kinds: Floats) -> Floats:
    """float32[F]: what the network looks at; kinds: float32[3], the region's."""
    types = [float(part.intent.edit_type == name) for name in EDIT_TYPES]
    values = [getattr(fit, field.name) for field in fields(fit) if field.name != "kept"]  # which decides by itself
    return np.array([*values, *kinds.tolist(), *types, float(part.intent.is_global)], np.float32)


def _with_partner(judged: Sequence[Coherence], partner: int | None, one: Coherence) -> Coherence:
    """The half of a move, with what is said of the move: as likely as its less likely half."""
    if partner is None or judged[partner].probability >= one.probability:
        return one
    other = judged[partner]
    return Coherence(other.probability, other.coherent, one.part, one.fit)
