"""The rules that an edit is judged by: the paper's, and ours upon them; those of its released code in `released`."""

from __future__ import annotations

from typing import Literal, cast, get_args

from editjudge.bundles.settings import NormRanges, Range
from editjudge.errors import InputError, quote_value
from editjudge.image import difference
from editjudge.metrics.bpm import region, semantic
from editjudge.metrics.bpm.score import ALPHA, PartScore
from editjudge.metrics.looking.framing import Framing

Compat = Literal["paper", "released"]

FAILED, DONE = 0.5, 0.65
"""The normalised modification up to which nothing of an edit counts as done, and from which all of it does. Ours."""
RAW_DONE = (0.0, 0.1)
"""The same where Norm() was not calibrated: a cosine says no more than whether the change goes the asked way."""


class PaperRules(Framing):
    """The rules of the paper (sections 3.3 and 3.4), and ours where it leaves something open.

    Attributes:
        knows_its_limits: Whether nothing counts as measured in pictures and words that the bundle was not made for.
        spatial_is_share: Whether S_modify of a move or another size is a share of 1 already.
    """

    knows_its_limits = True
    spatial_is_share = True

    position = staticmethod(region.position)
    size = staticmethod(region.size)
    modify = staticmethod(semantic.modify)
    preserve = staticmethod(semantic.preserve)
    change_map = staticmethod(difference.change_map)

    def for_ranges(self, ranges: NormRanges) -> PaperRules:
        """The same rules for a bundle with these ranges."""
        return self

    def done(self, modify: float | None) -> float | None:
        """How far an edit counts as done, 0 to 1, by its normalised modification; None: these rules do not ask."""
        return None

    def combine(self, score: PartScore) -> float:
        """The score of a part of which all that applies was measured, 0 to 2."""
        return plain_sum(score)


class Rules(PaperRules):
    """The paper's sum, as far as the edit was done. Ours.

    To leave a picture as it was, where and as large as it was, is all that who edits nothing does: it is worth nothing
    by itself. An edit that is done to its full keeps the paper's score.
    """

    pixels_decide = True

    def __init__(self, ramp: Range = (FAILED, DONE)) -> None:
        self._ramp = ramp

    def for_ranges(self, ranges: NormRanges) -> PaperRules:
        return self if ranges.is_calibrated else Rules(RAW_DONE)

    def done(self, modify: float | None) -> float:
        low, high = self._ramp
        return min(1.0, max(0.0, ((modify or 0.0) - low) / (high - low)))

    def combine(self, score: PartScore) -> float:
        return self.done(score.semantic.modify) * plain_sum(score)


def plain_sum(score: PartScore, alpha: float = ALPHA) -> float:
    """The paper's alpha * S_semantic + (1 - alpha) * S_region, 0 to 2; a global edit has the semantic score alone.

    What should have resulted and is not there has no region to score.
    """
    semantic_score = score.semantic.score or 0.0
    if score.intent.is_global:
        return semantic_score
    return alpha * semantic_score + (1 - alpha) * (score.region.score or 0.0)


def check_compat(compat: str | None) -> Compat | None:
    """The name of a set of rules beside ours. Raises InputError, listing what there is, for anything else."""
    if compat is None:
        return None
    if not isinstance(compat, str) or compat not in get_args(Compat):
        names = " or ".join(get_args(Compat))
        raise InputError(f"there is no compat {quote_value(compat)}; choose {names}, or leave it out")
    return cast("Compat", compat)
