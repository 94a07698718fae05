"""The judges as the paper's authors released them (joyli-x/BPM at de6e4c3, Apache-2.0), for `--compat released`.

The rules are theirs, faults included, so that scores can be compared with published ones; the code is ours. They part
from `judges` in these ways: both pictures are squeezed into 500 x 500; only the first box counts, except for the
position of adds; sizes are those of boxes, and judged in size edits alone; positions are judged in adds with an anchor
alone; a missing box scores 1; both pictures are cropped and segmented by the boxes of the original (of an add, of the
edited picture), grown by 1.5; a change that is noise counts like any other; differences are taken in uint8.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge import geometry, judges
from editjudge.judges import GIVEN, Features, Verdict
from editjudge.located import Located
from editjudge.types import EditIntent, Image

FRAME = 500  # pixels, both sides
CROP_SCALE = 1.5  # the function's default is 1.2, but its one caller passes 1.5
UNCHANGED = 40.0  # pixels of the frame, L1 distance of the centres


def frame(picture: Image) -> Image:
    """Squeezes uint8[H, W, 3] into uint8[500, 500, 3], bilinear and not antialiased, as cv2.resize does."""
    return np.asarray(cv2.resize(picture, (FRAME, FRAME)), dtype=np.uint8)


def position(intent: EditIntent, where: Located) -> Verdict:
    """As `judges.position`."""
    if intent.source is not None or intent.anchor is None or where.edited is None:
        return GIVEN
    if where.anchor is None or not len(where.anchor):
        return Verdict(1.0, "fallback", "anchor_not_found")
    if not len(where.edited):
        return Verdict(1.0, "fallback", "target_not_found")
    stand = [_stands(box, intent.position, where.anchor.boxes[0]) for box in where.edited.boxes]
    return Verdict(1.0 if all(stand) else 0.5 if any(stand) else 0.0)


def _stands(box: geometry.Box, relation: str, reference: geometry.Box) -> bool:
    if relation == "near":
        return True
    if relation == "inside":
        return bool((box[:2] > reference[:2]).all() and (box[2:] < reference[2:]).all())
    if relation == "unchanged":
        return sum(map(abs, geometry.offset(box, reference))) < UNCHANGED
    return judges.stands(box, relation, reference)


def size(intent: EditIntent, where: Located) -> Verdict:
    """As `judges.size`."""
    if intent.edit_type != "size" or where.original is None or where.edited is None:
        return GIVEN
    if where.missing:
        return Verdict(1.0, "fallback", where.missing)
    before, after = (geometry.area(region.boxes[0]) for region in (where.original, where.edited))
    return Verdict(float(judges.right_size(after / max(before, 1e-9), intent.size)))


def crop_boxes(where: Located) -> tuple[geometry.Box, geometry.Box] | None:
    """As `judges.crop_boxes`, with this module's CROP_SCALE."""
    if where.regions is None:
        return None
    box = where.regions[0].enclosing_box
    return box, box


def modify(intent: EditIntent, where: Located, features: Features) -> Verdict:
    """As `judges.modify`; of a global edit the similarity of picture and text, and 0 where both texts are the same."""
    if intent.is_global:
        return Verdict(judges.cosine(features["edited_picture"], features["target"]))
    if where.missing == "source_not_found":
        similar = judges.cosine(features["edited_picture"], features["target"]) if intent.target else 0.0
        return Verdict(similar, "fallback", where.missing)
    if where.missing == "target_not_found":
        return Verdict(0.0, "fallback", where.missing)
    change = features["edited_crop"] - features["original_crop"]
    return Verdict(judges.cosine(change, judges.text_direction(intent, features)))


def change_map(original: Image, edited: Image) -> NDArray[np.float32]:
    """As `judges.change_map`, with the difference and its square taken modulo 256: a distance of 40 comes out as 8."""
    difference = original - edited
    return np.asarray(np.sqrt((difference * difference).mean(axis=2, dtype=np.float32)) / np.float32(255.0))


def preserve(change: NDArray[np.float32], where: Located) -> Verdict:
    """As `judges.preserve`; when nothing is outside, nothing changed there."""
    outside = judges.preserve(change, where)
    return Verdict(1.0, outside.basis, outside.flag) if outside.value is None else outside
