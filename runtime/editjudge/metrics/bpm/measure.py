"""The sub-scores of one thing that is asked for: by the models, or where the pixels decide, by these alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.bpm.rules import PaperRules
from editjudge.metrics.bpm.subscore import INAPPLICABLE, SubScore
from editjudge.metrics.grounding import TOUCHED, Grounding
from editjudge.metrics.task import Features
from editjudge.types import EditIntent

DRIFT_COST = 0.1  # ours: what a change of tone of all of the picture costs, of what the same change of pixels would


@dataclass(frozen=True)
class EditPart:
    """One thing that is asked for: where its objects are, and the features that it calls for."""

    intent: EditIntent
    where: Grounding
    features: Features


@dataclass(frozen=True, eq=False)
class PictureChange:
    """How an edited picture differs from its original.

    Attributes:
        aligned: The edited picture.
        amount: float32[H, W], per pixel, 0 to 1.
        asked: bool[H, W]: the objects of all that is asked for.
        whole: Whether some of that concerns the whole picture, so that there is no rest to be preserved.
    """

    aligned: AlignedImage
    amount: NDArray[np.float32]
    asked: NDArray[np.bool_]
    whole: bool = False


@dataclass(frozen=True)
class PartSubScores:
    """The sub-scores of one thing that is asked for."""

    intent: EditIntent
    modify: SubScore
    preserve: SubScore
    position: SubScore
    size: SubScore

    @classmethod
    def unmeasured(cls, intent: EditIntent, flag: str, whole: bool) -> PartSubScores:
        """None of those that apply; whole: whether this or another part concerns the whole picture."""
        unknown = SubScore.unmeasured(flag)
        region = INAPPLICABLE if intent.is_global else unknown
        return cls(intent, unknown, INAPPLICABLE if whole else unknown, region, region)

    @property
    def all(self) -> tuple[SubScore, ...]:
        return self.modify, self.preserve, self.position, self.size

    @property
    def is_incomplete(self) -> bool:
        """Whether something that applies was not measured."""
        return any(sub_score.basis == "unmeasured" for sub_score in self.all)


def measure_part(part: EditPart, change: PictureChange, rules: PaperRules, *, foreign: bool) -> PartSubScores:
    """The sub-scores of a part; foreign: whether the bundle was not made for the picture or the words."""
    intent, where = part.intent, part.where
    if foreign:
        return PartSubScores.unmeasured(intent, "out_of_domain", change.whole)
    if rules.pixels_decide and change.aligned.changes.kind != "edit":
        return _measure_pixels(part, change)
    modify = rules.modify(intent, where, part.features)
    if modify.value is not None and rules.pixels_decide:
        share = touched(change.aligned, where, intent)
        modify = SubScore(modify.value * share, modify.basis, modify.flag)
    if intent.is_global:
        return PartSubScores(intent, modify, INAPPLICABLE, INAPPLICABLE, INAPPLICABLE)
    preserve = INAPPLICABLE if change.whole else rules.preserve(change.amount, where, change.asked)
    if preserve.value is not None:
        preserve = SubScore(preserve.value - DRIFT_COST * change.aligned.tone, preserve.basis, preserve.flag)
    return PartSubScores(intent, modify, preserve, rules.position(intent, where), rules.size(intent, where))


def _measure_pixels(part: EditPart, change: PictureChange) -> PartSubScores:
    """Those of a picture that the models did not look at: nothing of what was asked for was done."""
    if part.where.missing:  # not even in the original
        return PartSubScores.unmeasured(part.intent, part.where.missing, change.whole)
    kept = SubScore(1.0 - float(change.amount.mean()) - DRIFT_COST * change.aligned.tone)
    preserve = INAPPLICABLE if change.whole else kept
    return PartSubScores(part.intent, SubScore(0.0), preserve, INAPPLICABLE, INAPPLICABLE)


def touched(aligned: AlignedImage, where: Grounding, intent: EditIntent) -> float:
    """How far what the edit concerns changed at all, 0 to 1: what was not touched was not modified.

    Of two places, as of an object that was to be replaced and what replaced it, the one that changed less counts.
    """
    if intent.is_global:
        return 1.0
    if where.missing:
        return 0.0
    shares = [where.changed_share(region, aligned.changes.mask) / TOUCHED for region in where.regions or ()]
    return min([1.0, *shares])
