"""S_modify and S_preserve (BPM, section 3.4): whether the change is the one asked for, and the rest as it was.

Thresholds that the paper leaves open are those of its released code, unless they are marked as ours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.image.vectors import Vector, cosine
from editjudge.metrics.bpm.region import position, size
from editjudge.metrics.bpm.subscore import SubScore
from editjudge.metrics.grounding import Grounding
from editjudge.metrics.task import Features
from editjudge.types import EditIntent

NOISE_FLOOR = 0.3  # ours: a change of the image feature below this share of its norm has no direction to speak of


def is_spatial(intent: EditIntent) -> bool:
    """Whether the edit asks for another place or size and not for other looks, so that the texts give no direction."""
    return intent.edit_type in ("move", "size")


def modify(intent: EditIntent, where: Grounding, features: Features) -> SubScore:
    """S_modify, -1 to 1: how well the change in the pictures points the way that the texts do.

    The paper's cosine is undefined for a move or another size, where both texts are the same. There, and that is ours,
    it is whether the object did move or change its size, times how much it still looks as it did.
    """
    if intent.is_global:
        return SubScore(direction(features["original_picture"], features["edited_picture"], features["target"]))
    if where.missing is not None:
        return modify_without(where.missing, intent, features)
    before, after = features["original_crop"], features["edited_crop"]
    if is_spatial(intent):
        change = (size if intent.edit_type == "size" else position)(intent, where)
        same = max(0.0, cosine(before, after))
        return SubScore(same * (change.value or 0.0), change.basis, change.flag)
    wanted = text_direction(intent, features)
    if not wanted.any():
        return SubScore(0.0, "fallback", "parse_uncertain")
    return SubScore(direction(before, after, wanted))


def modify_without(missing: str, intent: EditIntent, features: Features) -> SubScore:
    """What S_modify falls back to where an object was not found; missing: the flag that says which."""
    if missing == "target_not_found":
        return SubScore(0.0, "fallback", missing)
    similar = cosine(features["edited_picture"], features["target"]) if intent.target else 0.0
    return SubScore(similar, "fallback", missing)


def text_direction(intent: EditIntent, features: Features) -> Vector:
    """float32[D]: from the source's text to the target's; of an add the target's, of a remove the source's reversed."""
    if intent.source is None:
        return features["target"]
    if intent.target is None:
        return -features["source"]
    return features["target"] - features["source"]


def direction(before: Vector, after: Vector, wanted: Vector) -> float:
    """The cosine of after - before with the wanted direction, faded out where that change is hardly one."""
    change = after - before
    norm = float(np.linalg.norm(before)) * NOISE_FLOOR
    weight = min(1.0, float(np.linalg.norm(change)) / norm) if norm else 1.0
    return weight * cosine(change, wanted)


def preserve(change: NDArray[np.float32], where: Grounding) -> SubScore:
    """S_preserve, 0 to 1: 1 - the mean change outside the union of both masks; over everything where one is missing."""
    if where.missing:
        return SubScore(1.0 - float(change.mean()), "fallback", where.missing)
    outside = change[~where.union]
    if not outside.size:
        return SubScore(None, "fallback", "nothing_outside")
    return SubScore(1.0 - float(outside.mean()))
