"""The rules as the paper's authors released them (joyli-x/BPM at de6e4c3, Apache-2.0), for `--compat released`.

They are theirs, faults included, so that scores can be compared with published ones; the code is ours. They part from
the paper's in these ways: both pictures are squeezed into 500 x 500; only the first box counts, except for the position
of adds; sizes are those of boxes, and judged in size edits alone; positions are judged in adds with an anchor alone; a
missing box scores 1; both pictures are cropped and segmented by the boxes of the original (of an add, of the edited
picture), grown by 1.5; a change that is noise counts like any other; differences are taken in uint8. Nor do they know
what we added: drift is not undone, nothing is null, nothing is named as staying, and of a compound instruction the
first part alone is judged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.image import boxes
from editjudge.image.vectors import cosine
from editjudge.metrics.bpm import region, semantic
from editjudge.metrics.bpm.rules import PaperRules
from editjudge.metrics.bpm.subscore import GIVEN, SubScore
from editjudge.metrics.grounding import Grounding
from editjudge.metrics.intents import text_direction
from editjudge.metrics.task import Features
from editjudge.types import Detections, EditIntent, Image
from editjudge.utils.libraries.opencv import cv2

FRAME = 500  # pixels, both sides, whatever the frame of the bundle
UNCHANGED = 40.0  # pixels of the frame, L1 distance of the centres


class ReleasedRules(PaperRules):
    """The rules of the released code; what is not said here is as in the paper."""

    crop_scale = 1.5  # the function's default is 1.2, but its one caller passes 1.5
    falls_back = True
    judges_parts = False
    undoes_drift = False
    spares = False
    needs_an_edit = False
    knows_its_limits = False
    spatial_is_share = False

    def frame(self, picture: Image, longest: int) -> Image:
        return _squeeze(picture)

    def fit(self, edited: Image, height: int, width: int) -> Image:
        return _squeeze(edited)

    def choose_prompts(self, source: Detections | None, target: Detections | None) -> Detections | None:
        return source if source is not None and target is not None else target

    def describe_global(self, instruction: str | None, target: str | None) -> str | None:
        return instruction or target

    def crop_boxes(self, where: Grounding) -> tuple[boxes.Box, boxes.Box] | None:
        """That of the original, twice."""
        if where.regions is None:
            return None
        box = where.regions[0].enclosing_box
        return box, box

    @staticmethod
    def position(intent: EditIntent, where: Grounding) -> SubScore:
        if intent.source is not None or intent.anchor is None or where.edited is None:
            return GIVEN
        if where.anchor is None or not len(where.anchor):
            return SubScore(1.0, "fallback", "anchor_not_found")
        if not len(where.edited):
            return SubScore(1.0, "fallback", "target_not_found")
        stand = [_stands(box, intent.position, where.anchor.boxes[0]) for box in where.edited.boxes]
        return SubScore(1.0 if all(stand) else 0.5 if any(stand) else 0.0)

    @staticmethod
    def size(intent: EditIntent, where: Grounding) -> SubScore:
        if intent.edit_type != "size" or where.original is None or where.edited is None:
            return GIVEN
        if where.missing:
            return SubScore(1.0, "fallback", where.missing)
        before, after = (boxes.area(found.boxes[0]) for found in (where.original, where.edited))
        return SubScore(float(region.is_right_size(after / max(before, 1e-9), intent.size)))

    @staticmethod
    def modify(intent: EditIntent, where: Grounding, features: Features) -> SubScore:
        """Of a global edit the similarity of picture and text; 0 where both texts are the same."""
        if intent.is_global:
            return SubScore(cosine(features["edited_picture"], features["target"]))
        if where.missing is not None:
            return _modify_without(where.missing, intent, features)
        change = features["edited_crop"] - features["original_crop"]
        return SubScore(cosine(change, text_direction(intent, features)))

    @staticmethod
    def change_map(original: Image, edited: Image) -> NDArray[np.float32]:
        """The difference and its square are taken modulo 256: a distance of 40 comes out as 8."""
        difference = original - edited
        return np.asarray(np.sqrt((difference * difference).mean(axis=2, dtype=np.float32)) / np.float32(255.0))

    @staticmethod
    def preserve(change: NDArray[np.float32], where: Grounding, masks: NDArray[np.bool_] | None = None) -> SubScore:
        """Over all of the picture where an object is missing; when nothing is outside, nothing changed there."""
        if where.missing:
            return SubScore(1.0 - float(change.mean()), "fallback", where.missing)
        outside = semantic.preserve(change, where)
        return SubScore(1.0, "fallback", outside.flag) if outside.value is None else outside


def _squeeze(picture: Image) -> Image:
    """uint8[H, W, 3] in uint8[500, 500, 3], bilinear and not antialiased, as cv2.resize does."""
    return np.asarray(cv2.resize(picture, (FRAME, FRAME)), dtype=np.uint8)


def _modify_without(missing: str, intent: EditIntent, features: Features) -> SubScore:
    if missing == "target_not_found" or not intent.target:
        return SubScore(0.0, "fallback", missing)
    return SubScore(cosine(features["edited_picture"], features["target"]), "fallback", missing)


def _stands(box: boxes.Box, relation: str, reference: boxes.Box) -> bool:
    if relation == "near":
        return True
    if relation == "inside":
        return bool((box[:2] > reference[:2]).all() and (box[2:] < reference[2:]).all())
    if relation == "unchanged":
        return sum(map(abs, boxes.offset(box, reference))) < UNCHANGED
    return boxes.stands(box, relation, reference)
