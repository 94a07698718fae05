"""Metrics that look where the differences are: the share that was asked for, and CLIP's without and within it.

The paper does not say what its CLIP scores see; these are our decisions. For CLIP-I the boxes of what was asked for are
covered, in both pictures, with the mean colour of the rest of the original; for CLIP-T those boxes are cut out of the
edited picture, and the mean of their cosines counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.image.transforms import crop_box
from editjudge.image.vectors import cosine
from editjudge.metrics.base import FormulaMetric, MetricSpec
from editjudge.metrics.context import EditContext
from editjudge.models.clip import Clip
from editjudge.types import Boxes, Image

ROLES = ("clip_vision", "clip_text")
CROP = 1.0
"""The boxes are cut out as they are."""


def coherent_share(context: EditContext) -> float | None:
    """The share of changed energy that was asked for, 0 to 1; None where nothing changed, or nothing was asked for."""
    unasked = context.differences.unasked_share
    return None if unasked is None else 1 - unasked


def clip_i_without(context: EditContext) -> float | None:
    """The cosine of the two pictures without what was asked for; None where that cannot be told, or leaves nothing."""
    listed = context.differences.differences
    if listed and all(one.coherent is None for one in listed):
        return None
    boxes = find_coherent(context)
    if not len(boxes):
        return cosine(*context.picture_features)
    hidden = np.zeros(context.original.shape[:2], bool)
    for box in boxes:
        hidden[crop_box(box, CROP, hidden.shape)] = True
    if hidden.all():
        return None
    colour = context.original[~hidden].mean(axis=0)
    pictures = [_cover(picture, hidden, colour) for picture in (context.original, context.edited)]
    return cosine(*context.models.model(Clip).images(pictures))


def clip_t_within(context: EditContext) -> float | None:
    """The mean cosine of what was done as asked with the instruction, or the target; None where there is neither."""
    text = context.task.texts.get("target") if context.instruction is None else context.instruction
    boxes = find_coherent(context)
    if text is None or not len(boxes):
        return None
    wanted = context.text_feature(text)
    views = [context.edited[crop_box(box, CROP, context.edited.shape)] for box in boxes]
    return float(np.mean([cosine(view, wanted) for view in context.models.model(Clip).images(views)]))


def find_coherent(context: EditContext) -> Boxes:
    """float32[N, 4], in pixels of the frame: the boxes of what was asked for."""
    found, size = context.regions, context.original.shape[:2]
    listed = zip(found.regions, context.differences.differences, strict=True)
    boxes = [found.enlarge(region.box, *size) for region, one in listed if one.coherent]
    return np.array(boxes, np.float32).reshape(-1, 4)


def _cover(picture: Image, where: NDArray[np.bool_], colour: NDArray[np.float64]) -> Image:
    covered = picture.copy()
    covered[where] = colour
    return covered


DICE_COHERENT = FormulaMetric(
    MetricSpec(
        "dice_coherent",
        "DICE coherence",
        "0 to 1: how much of all that changed was asked for",
        range=(0.0, 1.0),
        aspect="both",
        roles=("clip_vision", "clip_text", "detector"),
        reads_intent=True,
    ),
    coherent_share,
)
DICE_CLIP_I = FormulaMetric(
    MetricSpec(
        "dice_clip_i",
        "DICE-CLIP-I",
        "-1 to 1: how alike the pictures are to CLIP without what was asked for",
        range=(-1.0, 1.0),
        roles=ROLES,
        reads_intent=True,
    ),
    clip_i_without,
)
DICE_CLIP_T = FormulaMetric(
    MetricSpec(
        "dice_clip_t",
        "DICE-CLIP-T",
        "-1 to 1: how well what was done as asked fits the instruction",
        range=(-1.0, 1.0),
        aspect="modify",
        roles=ROLES,
        reads_intent=True,
    ),
    clip_t_within,
)
