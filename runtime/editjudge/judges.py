"""The judges of BPM (sections 3.3 and 3.4 of the paper): arrays in, verdicts out. No model, no file.

Thresholds that the paper leaves open are those of its released code, unless they are marked as ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from editjudge import geometry
from editjudge.difference import block_means, squared_distance
from editjudge.located import Located
from editjudge.types import EditIntent, Image, Region

IOU = 0.4  # below it an object has moved, above it, it is where it was
LARGER, SMALLER = 1.2, 0.8  # ratios of the mask's area, edited over original
CROP_SCALE = 1.2  # crops show the object with some of its surroundings
INSIDE = 0.9  # ours: the share of a box that must lie in another's, as detected boxes err by some pixels
NEAR = 0.5  # ours: the widest gap, in diagonals of the anchor's box
NOISE_FLOOR = 0.3  # ours: a change of the image feature below this share of its norm has no direction to speak of
SAME_BLOCK = 16  # ours: pixels are averaged over blocks of this side to see whether anything but noise changed
SAME_CHANGE = 0.03  # ours: the largest change of a block's mean colour, 0 to 1, that counts as none
SAME_NOISE = 0.5  # ours: and what each unit of the noise's standard deviation adds to it, as clipping shifts the mean

SIDES = ("left", "right", "up", "down")

Basis = Literal["measured", "rule", "fallback"]
Vector = NDArray[np.float32]
"""float32[D], a CLIP feature, not normalised."""
Feature = Literal["original_crop", "edited_crop", "original_picture", "edited_picture", "source", "target"]
Features = Mapping[Feature, Vector]
"""Features of the pictures and of their crops, and of the two phrases: those an edit calls for."""


@dataclass(frozen=True)
class Verdict:
    """What a judge says: a number or, where nothing could be said, None.

    basis: "measured" in the pictures; by "rule", where the paper gives the score without looking (A.4); or a
    "fallback", because of what the flag names.
    """

    value: float | None
    basis: Basis = "measured"
    flag: str | None = None


GIVEN = Verdict(1.0, "rule")
INAPPLICABLE = Verdict(None, "rule")


def spatial(intent: EditIntent) -> bool:
    """Whether the edit asks for another place or size and not for other looks, so that the texts give no direction."""
    return intent.edit_type in ("move", "size")


def position(intent: EditIntent, where: Located) -> Verdict:
    """S_position: 1 when all boxes of the result stand where they should, 0.5 when some do, 0 when none does."""
    if where.edited is None:
        return GIVEN
    if not len(where.edited):
        return Verdict(1.0, "fallback", "target_not_found")
    verdicts = [_well_placed(intent, where, box) for box in where.edited.boxes]
    if isinstance(verdicts[0], Verdict):
        return verdicts[0]
    return Verdict(1.0 if all(verdicts) else 0.5 if any(verdicts) else 0.0)


def _well_placed(intent: EditIntent, where: Located, box: geometry.Box) -> bool | Verdict:
    """Whether one box of the result stands where it should, or the verdict when there is nothing to compare it with."""
    asked = intent.position
    if intent.anchor is not None and asked != "unchanged" and intent.edit_type in ("add", "move"):
        if where.anchor is None or not len(where.anchor):
            return Verdict(1.0, "fallback", "anchor_not_found")
        return stands(box, asked, where.anchor.boxes[0])
    if where.original is None:
        return _on_side(box, asked, where) if asked in SIDES else GIVEN
    if not len(where.original):
        return Verdict(1.0, "fallback", "source_not_found")
    old = where.original.boxes
    if asked in SIDES:
        return stands(box, asked, old[0])
    stayed = stays(box, old, resized=intent.size != "unchanged")
    return stayed != (intent.edit_type == "move")  # a move to no named place must at least leave the old one


def stands(box: geometry.Box, relation: str, reference: geometry.Box) -> bool:
    """Whether a box stands left, right, up, down, inside or near of a reference."""
    if relation == "inside":
        return geometry.shared_area(box, reference) >= INSIDE * geometry.area(box)
    if relation == "near":
        return geometry.gap(box, reference) <= NEAR * geometry.diagonal(reference)
    right, down = geometry.offset(box, reference)
    along = {"left": -right, "right": right, "up": -down, "down": down}[relation]
    across = down if relation in ("left", "right") else right
    return along > abs(across) and geometry.iou(box, reference) < IOU


def stays(box: geometry.Box, old: NDArray[np.float32], resized: bool) -> bool:
    """Whether a box is where one of the old boxes [N, 4] was.

    Growth by a factor of 1.6 alone brings the IoU below the threshold: an object that was to change its size is
    compared at its old one. That is ours.
    """
    return any(geometry.iou(geometry.centred(box, one) if resized else box, one) > IOU for one in old)


def _on_side(box: geometry.Box, side: str, where: Located) -> bool:
    """Whether an added object without an anchor lies in the asked half of the picture. That is ours."""
    frame = np.array([0, 0, where.width, where.height], dtype=np.float32)
    right, down = geometry.offset(box, frame)
    return {"left": -right, "right": right, "up": -down, "down": down}[side] > 0


def size_ratio(where: Located) -> float | None:
    """The area of the object in the edited picture over that in the original, by masks; None: there are not two."""
    if where.original is None or where.edited is None or where.regions is None:
        return None
    before, after = (_area(region) for region in where.regions)
    return after / before


def _area(region: Region) -> float:
    """In pixels; at least one, and by the enclosing box where the mask came out empty."""
    return max(1.0, float(np.count_nonzero(region.mask)) or geometry.area(region.enclosing_box))


def size(intent: EditIntent, where: Located) -> Verdict:
    """S_size: 1 when the area changed as asked, 0 when it did not."""
    if where.original is None or where.edited is None:
        return GIVEN
    ratio = size_ratio(where)
    if ratio is None:
        return Verdict(1.0, "fallback", where.missing)
    return Verdict(float(right_size(ratio, intent.size)))


def right_size(ratio: float, asked: str) -> bool:
    """Whether a ratio of areas, edited over original, is what was asked for."""
    return {"larger": ratio > LARGER, "smaller": ratio < SMALLER, "unchanged": SMALLER <= ratio <= LARGER}[asked]


def crop_boxes(where: Located) -> tuple[geometry.Box, geometry.Box] | None:
    """What to crop, grown by CROP_SCALE, in the original and in the edited picture; None: an object is missing."""
    return where.regions and (where.regions[0].enclosing_box, where.regions[1].enclosing_box)


def modify(intent: EditIntent, where: Located, features: Features) -> Verdict:
    """S_modify, -1 to 1: how well the change in the pictures points the way that the texts do.

    The paper's cosine is undefined for a move or another size, where both texts are the same. There, and that is ours,
    it is whether the object did move or change its size, times how much it still looks as it did.
    """
    if intent.is_global:
        return Verdict(direction(features["original_picture"], features["edited_picture"], features["target"]))
    if where.missing == "source_not_found":
        similar = cosine(features["edited_picture"], features["target"]) if intent.target else 0.0
        return Verdict(similar, "fallback", where.missing)
    if where.missing == "target_not_found":
        return Verdict(0.0, "fallback", where.missing)
    before, after = features["original_crop"], features["edited_crop"]
    if spatial(intent):
        change = (size if intent.edit_type == "size" else position)(intent, where)
        same = max(0.0, cosine(before, after))
        return Verdict(same * (change.value or 0.0), change.basis, change.flag)
    wanted = text_direction(intent, features)
    if not wanted.any():
        return Verdict(0.0, "fallback", "parse_uncertain")
    return Verdict(direction(before, after, wanted))


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


def cosine(one: Vector, other: Vector) -> float:
    """-1 to 1; 0 when one of the two is zero."""
    norms = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(np.clip(np.dot(one, other) / norms, -1.0, 1.0)) if norms else 0.0


def change_map(original: Image, edited: Image) -> NDArray[np.float32]:
    """float32[H, W], 0 to 1: per pixel the root of the mean over channels of the squared difference."""
    change = squared_distance(original, edited)
    change *= np.float32(1 / (3 * 255.0**2))
    return np.asarray(np.sqrt(change, out=change))


def preserve(change: NDArray[np.float32], where: Located) -> Verdict:
    """S_preserve, 0 to 1: 1 - the mean change outside the union of both masks; over everything where one is missing."""
    if where.missing:
        return Verdict(1.0 - float(change.mean()), "fallback", where.missing)
    outside = change[~where.union]
    if not outside.size:
        return Verdict(None, "fallback", "nothing_outside")
    return Verdict(1.0 - float(outside.mean()))


def same_picture(original: Image, edited: Image) -> bool:
    """Whether nothing changed but noise, as from compression: then no block's mean colour differs. That is ours."""
    if np.array_equal(original, edited):
        return True
    moved = block_means(edited, SAME_BLOCK) - block_means(original, SAME_BLOCK)
    shift = np.square(moved).sum(axis=2) / (3 * 255.0**2)
    whole = block_means(squared_distance(original, edited), SAME_BLOCK) / (3 * 255.0**2)
    noise = np.sqrt(np.maximum(whole - shift, 0.0))
    return float(np.sqrt(shift.max())) <= SAME_CHANGE + SAME_NOISE * float(np.median(noise))
