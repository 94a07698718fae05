"""S_modify and S_preserve (BPM, section 3.4): whether the change is the one asked for, and the rest as it was.

Thresholds that the paper leaves open are those of its released code, unless they are marked as ours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.image.vectors import cosine, direction
from editjudge.metrics.bpm.evidence import Evidence
from editjudge.metrics.bpm.region import is_opposite, position, size_progress
from editjudge.metrics.bpm.subscore import SubScore
from editjudge.metrics.grounding import Grounding
from editjudge.metrics.intents import is_clearance, text_direction
from editjudge.metrics.task import Features
from editjudge.types import EditIntent

ALTERED = 0.2  # ours: the share of what is to stay that may change, as what is beside it does and masks err
AGAINST = -0.3  # ours: the cosine under which a change goes against the words


def is_spatial(intent: EditIntent) -> bool:
    """Whether the edit asks for another place or size and not for other looks, so that the texts give no direction."""
    return intent.edit_type in ("move", "size")


def is_share(intent: EditIntent) -> bool:
    """Whether S_modify is a share of 1 already and no cosine, as the texts give no direction."""
    return is_spatial(intent) or is_clearance(intent)


def modify(intent: EditIntent, where: Grounding, features: Features) -> SubScore:
    """S_modify, -1 to 1: how well the change in the pictures points the way that the texts do.

    The paper's cosine is undefined for a move or another size, where both texts are the same. There, and that is ours,
    it is whether the object did move or change its size, times how much it still looks as it did.
    """
    if intent.is_global:
        if where.kept:
            before, after = features["original_rest"], features["edited_rest"]
        else:
            before, after = features["original_picture"], features["edited_picture"]
        return SubScore(direction(before, after, features["target"]))
    if where.missing is not None:
        return modify_without(where.missing)
    before, after = features["original_crop"], features["edited_crop"]
    if is_spatial(intent):
        change = (size_progress if intent.edit_type == "size" else position)(intent, where)
        same = max(0.0, cosine(before, after))
        value = None if change.value is None else same * change.value
        return SubScore(value, change.basis, change.flag)
    wanted = text_direction(intent, features)
    if not wanted.any():
        return SubScore.unmeasured("parse_uncertain")
    return SubScore(direction(before, after, wanted))


def is_contrary(intent: EditIntent, where: Grounding, features: Features) -> bool:
    """Whether the change goes against what was asked for: the other way, or away from the words."""
    if where.missing or intent.is_global:
        return False
    if is_spatial(intent):
        return is_opposite(intent, where)
    return direction(features["original_crop"], features["edited_crop"], text_direction(intent, features)) < AGAINST


def modify_without(missing: str) -> SubScore:
    """S_modify where an object was not found; missing: the flag that says which.

    A result that is not there was not made. What became of a source that was never found cannot be told.
    """
    return SubScore(0.0, flag=missing) if missing == "target_not_found" else SubScore.unmeasured(missing)


def preserve(change: NDArray[np.float32], where: Grounding, masks: NDArray[np.bool_] | None = None) -> SubScore:
    """S_preserve, 0 to 1: 1 - the mean change outside the union of both masks.

    Over all of the picture where the result is missing, as nothing that changed was asked for; None where the source
    was never found, or where nothing is outside. Of what is named as staying, the mean change by itself counts where
    it is the larger: that is ours, as a small thing would hardly count among all the rest.

    Args:
        change: float32[H, W], the change per pixel, 0 to 1.
        where: Where the objects are.
        masks: bool[H, W], the objects of other parts of the edit as well; None: there are none.
    """
    if where.missing == "source_not_found":
        return SubScore.unmeasured(where.missing)
    asked = where.union if masks is None else masks
    outside = change[~asked]
    if not outside.size:
        return SubScore.unmeasured("nothing_outside")
    kept = change[where.kept.mask & ~asked] if where.kept else outside[:0]
    worst = max(float(part.mean()) for part in (outside, kept) if part.size)
    return SubScore(1.0 - worst, "measured", "keep_changed" if is_altered(kept) else where.missing)


def is_altered(kept: NDArray[np.float32]) -> bool:
    """Whether what was to stay changed by more than its rim; kept: float32[N], the change of its pixels, 0 to 1."""
    return kept.size > 0 and float(np.mean(kept > Evidence.NOTICED)) > ALTERED
