"""How an app may act on a score, and what people's ratings make of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import numpy as np

from editjudge.bundles.files import Count
from editjudge.bundles.settings import LogitWeight, Probability
from editjudge.bundles.toml_schema import Between

FivePoints = Annotated[float, Between(1, 5)]


@dataclass(frozen=True)
class VerdictSettings:
    """How an app may act on a score: a logistic regression, and the probabilities that it is read by.

    Attributes:
        accept_at: From which probability an edit is accepted.
        reject_at: Under which one it is rejected.
        bias: Of the logit; the others are the weights of what it looks at (`metrics.bpm.verdict.describe_seen`).
        curve_at, curve: What the regression gives, and the probability that this comes to: lines between knots, flat
            beyond them. Empty: what it gives is the probability.
        least_modify, least_preserve, least_position, least_size, most_spill: The worst of the edits that it was fitted
            to, in what it looks at. One that is worse is not accepted, as nothing tells what people say of the like.
            None: there is no such end.
    """

    accept_at: Probability
    reject_at: Probability
    bias: LogitWeight
    modify: LogitWeight
    modify_low: LogitWeight
    preserve: LogitWeight
    position: LogitWeight
    size: LogitWeight
    spill: LogitWeight
    whole: LogitWeight
    curve_at: tuple[Probability, ...] = ()
    curve: tuple[Probability, ...] = ()
    least_modify: Probability | None = None
    least_preserve: Probability | None = None
    least_position: Probability | None = None
    least_size: Probability | None = None
    most_spill: Probability | None = None

    def __post_init__(self) -> None:
        if not self.reject_at <= self.accept_at:
            raise ValueError(f"reject_at must not be over accept_at, as {self.reject_at} is over {self.accept_at}")
        check_curve("curve_at", self.curve_at, "curve", self.curve)


@dataclass(frozen=True)
class QualityScale:
    """The mean rating, 1 to 5, that people are expected to give, by the verdict's probability: lines between knots."""

    probability: tuple[Probability, ...]
    rating: tuple[FivePoints, ...]

    def __post_init__(self) -> None:
        if not self.probability:
            raise ValueError("probability must not be empty")
        check_curve("probability", self.probability, "rating", self.rating)

    def read(self, probability: float) -> float:
        """The rating to expect at a probability."""
        return float(np.interp(probability, self.probability, self.rating))


@dataclass(frozen=True)
class CalibratedOn:
    """The ratings that a verdict was fitted to, and how far off it was on edits that it had not been fitted to.

    The errors before are those of the bundle that it was made from; None where that had no verdict.

    Attributes:
        edits, groups: How many edits were rated, and of how many inputs.
        good_from: The rating from which an edit counts as well done.
        error: The expected calibration error, of ten bins of equally many edits.
        brier: The mean squared distance of the probability from the share of raters who found the edit well done.
    """

    edits: Count
    groups: Count
    good_from: FivePoints
    error: Probability
    brier: Probability
    error_before: Probability | None = None
    brier_before: Probability | None = None


def check_curve(at_name: str, at: Sequence[float], name: str, heights: Sequence[float]) -> None:
    """Raises ValueError for knots of a curve that never falls, and the heights there, which are none."""
    if len(at) != len(heights):
        raise ValueError(f"{at_name} and {name} must be of one length, not {len(at)} and {len(heights)}")
    if any(not low < high for low, high in pairwise(at)) or any(low > high for low, high in pairwise(heights)):
        raise ValueError(f"{at_name} must rise from knot to knot, and {name} must not fall")
