"""S_position and S_size (BPM, section 3.3): whether the result stands where it should and is as large as asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.image import boxes
from editjudge.metrics.bpm.subscore import ABSENT, GIVEN, SubScore
from editjudge.metrics.grounding import Grounding, Region
from editjudge.types import EditIntent

LARGER, SMALLER = 1.2, 0.8  # ratios of the mask's area, edited over original

SIDES = ("left", "right", "up", "down")


def position(intent: EditIntent, where: Grounding) -> SubScore:
    """S_position: 1 when all boxes of the result stand where they should, 0.5 when some do, 0 when none does.

    None where there is nothing to compare.
    """
    if where.edited is None:
        return _of_removed(where)
    if not len(where.edited):
        # Where the bundle missed the anchor, too, that it finds no result says nothing.
        return SubScore.unmeasured("anchor_not_found") if _lacks_anchor(intent, where) else ABSENT
    placed_well = [_well_placed(intent, where, box) for box in where.edited.boxes]
    if isinstance(placed_well[0], SubScore):
        return placed_well[0]
    return SubScore(1.0 if all(placed_well) else 0.5 if any(placed_well) else 0.0)


def _of_removed(where: Grounding) -> SubScore:
    """Both sub-scores of what was to be removed: given by rule, if it was seen to be there."""
    return SubScore.unmeasured(where.missing) if where.missing else GIVEN


def _well_placed(intent: EditIntent, where: Grounding, box: boxes.Box) -> bool | SubScore:
    """Whether one box of the result stands where it should, or the sub-score when nothing can be compared."""
    position = intent.position
    if _lacks_anchor(intent, where):
        return SubScore.unmeasured("anchor_not_found")
    if _has_anchor(intent) and where.anchor is not None:
        return boxes.stands(box, position, where.anchor.boxes[0])
    if where.original is None:
        return _on_side(box, position, where) if position in SIDES else GIVEN
    if not len(where.original):
        return SubScore.unmeasured("source_not_found")
    old = where.original.boxes
    if position in SIDES:
        return boxes.stands(box, position, old[0])
    stayed = stays(box, old, resized=intent.size != "unchanged")
    return stayed != (intent.edit_type == "move")  # a move to no named place must at least leave the old one


def _has_anchor(intent: EditIntent) -> bool:
    """Whether the result is to stand somewhere relative to another object."""
    return intent.anchor is not None and intent.position != "unchanged" and intent.edit_type in ("add", "move")


def _lacks_anchor(intent: EditIntent, where: Grounding) -> bool:
    """Whether the object that the result is to stand by was not found."""
    return _has_anchor(intent) and (where.anchor is None or not len(where.anchor))


def stays(box: boxes.Box, old: NDArray[np.float32], resized: bool) -> bool:
    """Whether a box is where one of the old boxes [N, 4] was.

    Growth by a factor of 1.6 alone brings the IoU below the threshold: an object that was to change its size is
    compared at its old one. That is ours.
    """
    return any(boxes.iou(boxes.centred(box, one) if resized else box, one) > boxes.MOVED for one in old)


def _on_side(box: boxes.Box, side: str, where: Grounding) -> bool:
    """Whether an added object without an anchor lies in the asked half of the picture. That is ours."""
    frame = np.array([0, 0, where.width, where.height], dtype=np.float32)
    right, down = boxes.offset(box, frame)
    return {"left": -right, "right": right, "up": -down, "down": down}[side] > 0


def size_ratio(where: Grounding) -> float | None:
    """The area of the object in the edited picture over that in the original, by masks; None: there are not two."""
    if where.original is None or where.edited is None or where.regions is None or not where.masked:
        return None
    before, after = (_area(region) for region in where.regions)
    return after / before


def _area(region: Region) -> float:
    """In pixels; at least one, and by the enclosing box where the mask came out empty."""
    return max(1.0, float(np.count_nonzero(region.mask)) or boxes.area(region.enclosing_box))


def size(intent: EditIntent, where: Grounding) -> SubScore:
    """S_size: 1 when the area changed as asked, 0 when it did not; None where there is nothing to compare."""
    if where.edited is None:
        return _of_removed(where)
    if where.original is None:
        return GIVEN if len(where.edited) else ABSENT
    ratio = size_ratio(where)
    if ratio is None:
        return ABSENT if where.missing == "target_not_found" else SubScore.unmeasured(where.missing or "out_of_time")
    return SubScore(float(is_right_size(ratio, intent.size)))


OPPOSITE = {"left": "right", "right": "left", "up": "down", "down": "up"}


def is_opposite(intent: EditIntent, where: Grounding) -> bool:
    """Whether an object went the other way, or changed its size the other way, than was asked for."""
    if intent.edit_type == "size":
        ratio = size_ratio(where)
        return ratio is not None and {"larger": ratio < SMALLER, "smaller": ratio > LARGER}.get(intent.size, False)
    if intent.edit_type != "move" or intent.position not in OPPOSITE or where.regions is None:
        return False
    # By the old place, whatever the new one is to be relative to.
    return boxes.stands(where.regions[1].boxes[0], OPPOSITE[intent.position], where.regions[0].boxes[0])


def size_progress(intent: EditIntent, where: Grounding) -> SubScore:
    """How far the area went the asked way, 0 to 1; 1 from where S_size is 1 on. Ours, as S_size itself has a cliff."""
    ratio = size_ratio(where)
    if ratio is None or intent.size == "unchanged":
        return size(intent, where)
    end = LARGER if intent.size == "larger" else SMALLER
    return SubScore(min(1.0, max(0.0, (ratio - 1) / (end - 1))))


def is_right_size(ratio: float, asked: str) -> bool:
    """Whether a ratio of areas, edited over original, is what was asked for."""
    return {"larger": ratio > LARGER, "smaller": ratio < SMALLER, "unchanged": SMALLER <= ratio <= LARGER}[asked]
