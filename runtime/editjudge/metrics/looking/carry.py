"""What is found of a phrase in an edited picture: anew where it changed, and else as in the original."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editjudge.image.boxes import Box, iou_with, suppress_overlaps
from editjudge.metrics.grounding import TOUCHED
from editjudge.metrics.looking.plan import ChangedPlaces
from editjudge.models.grounding_dino import MOST, NMS_IOU
from editjudge.models.windows.window import Window
from editjudge.types import Detections

STILL = 0.005
"""The share of a box up to which nothing in it changed, so that what the original says of it holds."""
RIM = 0.02
"""How near to a window's edge a box ends that may go on beyond it, as a share of the window's longer side."""


def carry_over(
    before: Detections, found: Sequence[tuple[Window, Detections]], changed: ChangedPlaces
) -> Detections | None:
    """What is in the edited picture of a phrase, best first; None where only a look at the whole can tell.

    That is so where nothing was found for sure, or a box ends where its window does.

    Args:
        before: What was found of it in the original.
        found: What was found of it in each window, in pixels of the picture.
        changed: Where the picture changed.
    """
    stayed = [] if before.is_weak else [index for index, box in enumerate(before.boxes) if changed.share(box) < TOUCHED]
    boxes, scores = [before.boxes[stayed]], [before.scores[stayed]]
    for window, detections in found:
        if detections.is_weak:
            continue
        fresh = [
            index for index, box in enumerate(detections.boxes)
            if changed.share(box) > STILL and (iou_with(box, before.boxes[stayed]) <= NMS_IOU).all()
        ]  # fmt: skip
        if any(_is_cut(detections.boxes[index], window, changed) for index in fresh):
            return None
        boxes.append(detections.boxes[fresh])
        scores.append(detections.scores[fresh])
    lost = not before.is_weak and len(stayed) < len(before)
    anew = sum(map(len, boxes[1:]))
    if not anew and (lost or not stayed):
        return None
    joined, ranked = np.concatenate(boxes), np.concatenate(scores)
    order = np.argsort(-ranked, kind="stable")
    kept = order[suppress_overlaps(joined[order], NMS_IOU, MOST)]
    return Detections(before.phrase, joined[kept], ranked[kept])


def _is_cut(box: Box, window: Window, changed: ChangedPlaces) -> bool:
    """Whether a box ends where its window does, within the picture."""
    rim = RIM * max(window.x1 - window.x0, window.y1 - window.y0)
    x0, y0, x1, y1 = box.tolist()
    return (
        (window.x0 > 0 and x0 < window.x0 + rim)
        or (window.y0 > 0 and y0 < window.y0 + rim)
        or (window.x1 < changed.width and x1 > window.x1 - rim)
        or (window.y1 < changed.height and y1 > window.y1 - rim)
    )
