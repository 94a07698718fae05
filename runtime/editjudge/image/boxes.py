"""Boxes: x0, y0, x1, y1 in pixels, x to the right, y downwards, ends exclusive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.types import Boxes, Floats

Box = NDArray[np.float32]
"""float32[4]."""

MOVED = 0.4
"""The IoU under which an object has moved; over it, it is where it was (BPM, section 3.3)."""
INSIDE = 0.9
"""The share of a box that must lie in another's to be inside of it, as detected boxes err by some pixels. Ours."""
NEAR = 0.5
"""The widest gap between what is near, in diagonals of the reference. Ours."""


def area(box: Box) -> float:
    """In square pixels; 0 for a box turned inside out."""
    width, height = box[2:] - box[:2]
    return max(0.0, float(width)) * max(0.0, float(height))


def offset(box: Box, reference: Box) -> tuple[float, float]:
    """How far right and how far down of the reference's centre the box's centre lies, in pixels."""
    right, down = (box[:2] + box[2:] - reference[:2] - reference[2:]) / 2
    return float(right), float(down)


def shared_area(one: Box, other: Box) -> float:
    """The area of the intersection, in square pixels."""
    return area(np.concatenate([np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])]))


def iou(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1; 0 for two empty boxes."""
    return float(iou_with(one, other[None])[0])


def gap(one: Box, other: Box) -> float:
    """The distance between the nearest points of two boxes, in pixels; 0 when they touch."""
    apart = np.maximum(np.maximum(one[:2] - other[2:], other[:2] - one[2:]), 0)
    return float(np.hypot(*apart))


def diagonal(box: Box) -> float:
    """In pixels."""
    return float(np.hypot(*(box[2:] - box[:2])))


def centred(box: Box, like: Box) -> Box:
    """A box of the size of `like` about the centre of `box`."""
    centre, half = (box[:2] + box[2:]) / 2, (like[2:] - like[:2]) / 2
    return np.concatenate([centre - half, centre + half])


def to_corners(boxes: Floats, width: int, height: int) -> Boxes:
    """x0, y0, x1, y1 in pixels, clipped to the picture, from centre and size float32[Q, 4] in fractions of it."""
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    corners = np.concatenate([centre - half, centre + half], axis=1)
    return np.asarray(np.clip(corners, 0.0, 1.0) * np.array([width, height] * 2), dtype=np.float32)


def suppress_overlaps(boxes: Boxes, limit: float, most: int) -> NDArray[np.intp]:
    """The indices of at most `most` boxes, best first, each of which overlaps no better one by an IoU over `limit`."""
    kept: list[int] = []
    free = np.ones(len(boxes), dtype=bool)
    while len(kept) < most and free.any():
        best = int(free.argmax())
        kept.append(best)
        free &= iou_with(boxes[best], boxes) <= limit
        free[best] = False
    return np.array(kept, dtype=np.intp)


def iou_with(box: NDArray[np.float32], boxes: Boxes) -> Floats:
    """float32[N]: the IoU of one box with each of N; one without area overlaps nothing."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - shared
    return np.asarray(shared / np.maximum(union, 1e-9), dtype=np.float32)


def stands(box: Box, relation: str, reference: Box) -> bool:
    """Whether a box stands left, right, up, down, inside or near of a reference."""
    if relation == "inside":
        return shared_area(box, reference) >= INSIDE * area(box)
    if relation == "near":
        return gap(box, reference) <= NEAR * diagonal(reference)
    right, down = offset(box, reference)
    along = {"left": -right, "right": right, "up": -down, "down": down}[relation]
    across = down if relation in ("left", "right") else right
    return along > abs(across) and iou(box, reference) < MOVED
