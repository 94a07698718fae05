"""The sub-scores of one thing that is asked for: by the models, or where the pixels decide, by these alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.bpm.rules import PaperRules
from editjudge.metrics.bpm.subscore import INAPPLICABLE, SubScore
from editjudge.metrics.grounding import TOUCHED, Grounding
from editjudge.metrics.intents import is_clearance
from editjudge.metrics.task import Features
from editjudge.types import EditIntent, Image
from editjudge.utils.libraries.opencv import cv2

EDGE = 60.0  # ours: the gradient of a small picture, by Sobel in levels, from which it has an edge there
RIM = 7  # pixels: an edge is seen up to half as many from it
BESIDE = 0.06  # how far round what is to stay edges are its own and those of its shadow, as a share of the longest side
SAMPLE = 0.03  # the share of the rest that has to have changed to tell what the background's own edges are like
BUSY = 0.5  # the edges where things went, as a share of those before, from which they are the background's own
DRIFT_COST = 0.1  # ours: what a change of tone of all of the picture costs, of what the same change of pixels would


@dataclass(frozen=True)
class EditPart:
    """One thing that is asked for: where its objects are, and the features that it calls for.

    left_out: the stages that there was no time for. is_placed: whether it is known if the bundle was made for the
    original.
    """

    intent: EditIntent
    where: Grounding
    features: Features
    left_out: tuple[str, ...] = ()
    is_placed: bool = True


@dataclass(frozen=True, eq=False)
class PictureChange:
    """How an edited picture differs from its original.

    Attributes:
        original: uint8[H, W, 3].
        aligned: The edited picture.
        amount: float32[H, W], per pixel, 0 to 1.
        asked: bool[H, W]: the objects of all that is asked for.
        whole: Whether some of that concerns the whole picture, and spares nothing: there is no rest to be preserved.
        masked: Whether all of those objects were cut out that have to be.
    """

    original: Image
    aligned: AlignedImage
    amount: NDArray[np.float32]
    asked: NDArray[np.bool_]
    whole: bool = False
    masked: bool = True


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

    def at_best(self) -> PartSubScores:
        """The same with a 1, the most that each can be, in the place of what was not measured for want of time."""
        best = [
            SubScore(1.0) if sub_score.flag == "out_of_time" and sub_score.value is None else sub_score
            for sub_score in self.all
        ]
        return PartSubScores(self.intent, *best)

    @property
    def is_incomplete(self) -> bool:
        """Whether something that applies was not measured."""
        return any(sub_score.basis == "unmeasured" for sub_score in self.all)


def measure_part(
    part: EditPart, change: PictureChange, rules: PaperRules, unmeasurable: str | None = None
) -> PartSubScores:
    """The sub-scores of a part; unmeasurable: the flag for why nothing can be measured, whatever the pictures are."""
    intent, where = part.intent, part.where
    if unmeasurable is not None:
        return PartSubScores.unmeasured(intent, unmeasurable, change.whole)
    if "detect" in part.left_out:
        return PartSubScores.unmeasured(intent, "out_of_time", change.whole)
    if rules.pixels_decide and change.aligned.changes.kind != "edit":
        return _measure_pixels(part, change)
    if where.lacks_kept:  # where the edit ends is not known
        return PartSubScores.unmeasured(intent, "keep_not_found", change.whole)
    modify = _measure_modify(part, change, rules)
    preserve = INAPPLICABLE if change.whole else _measure_preserve(where, change, rules)
    if intent.is_global:
        return PartSubScores(intent, modify, preserve, INAPPLICABLE, INAPPLICABLE)
    return PartSubScores(intent, modify, preserve, rules.position(intent, where), rules.size(intent, where))


def _measure_modify(part: EditPart, change: PictureChange, rules: PaperRules) -> SubScore:
    """S_modify, times how far what it concerns changed at all."""
    intent, where = part.intent, part.where
    if _lacks_features(part, rules):
        return SubScore.unmeasured("out_of_time")
    if rules.spares and is_clearance(intent):
        share = cleared(change, where)
        # With half of it left, it is not done.
        modify = SubScore.unmeasured(None) if share is None else SubScore(share**2)
    else:
        modify = rules.modify(intent, where, part.features)
    if modify.value is not None and rules.pixels_decide:
        share = touched(change.aligned, where, intent)
        modify = SubScore(modify.value * share, modify.basis, modify.flag)
    return modify


def _measure_preserve(where: Grounding, change: PictureChange, rules: PaperRules) -> SubScore:
    """S_preserve, less what a change of tone costs; it needs the masks of all that is asked for."""
    if not change.masked and where.missing != "source_not_found":
        return SubScore.unmeasured("out_of_time")
    preserve = rules.preserve(change.amount, where, change.asked)
    if preserve.value is not None:
        preserve = SubScore(preserve.value - DRIFT_COST * change.aligned.tone, preserve.basis, preserve.flag)
    return preserve


def _lacks_features(part: EditPart, rules: PaperRules) -> bool:
    """Whether there was no time for what S_modify is made of: features, or of a clearance what was cut out."""
    if rules.spares and is_clearance(part.intent):
        return not part.where.masked
    return "embed" in part.left_out and (part.where.missing is None or rules.falls_back)


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


def cleared(change: PictureChange, where: Grounding) -> float | None:
    """How far everything but what is to stay went, 0 to 1, by the edges away from it. Ours.

    Neither texts nor boxes tell what "everything" is; but things have edges. The share is that of the edges that went,
    of these and those that are left; of the latter, as many belong to the background as where things went. None where
    the background has so many that things cannot be told by theirs.
    """
    changed = change.aligned.changes.mask
    if where.kept is None or not changed.size:
        return 0.0
    height, width = changed.shape
    kept = cv2.resize(where.kept.mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_AREA)
    reach = 2 * round(BESIDE * max(height, width)) + 1
    away = cv2.dilate(kept, np.ones((reach, reach), np.uint8)) == 0
    before, after = (_find_edges(picture, width, height) for picture in (change.original, change.aligned.picture))
    reached = cv2.dilate(changed.astype(np.uint8), np.ones((RIM, RIM), np.uint8)) > 0
    filled, rest = away & reached, away & ~reached
    were, are = (int(np.count_nonzero(edges & filled)) for edges in (before, after))
    gone = max(0, were - are)
    is_sample = np.count_nonzero(filled) > SAMPLE * np.count_nonzero(away)
    if is_sample and are > BUSY * were:
        return None
    background = float(after[filled].mean()) if is_sample else 0.0
    left = max(0.0, np.count_nonzero(after & rest) - background * np.count_nonzero(rest))
    return float(gone / (gone + left)) if gone else 0.0


def _find_edges(picture: Image, width: int, height: int) -> NDArray[np.bool_]:
    """bool[height, width]: where a picture, made small, has edges."""
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    smooth = cv2.GaussianBlur(small, (0, 0), 1.0)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    return np.asarray(np.hypot(across, down).max(axis=2) > EDGE)
