"""Boxes: x0, y0, x1, y1 in pixels, x to the right, y downwards, ends exclusive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Box = NDArray[np.float32]
"""float32[4]."""


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
    shared = shared_area(one, other)
    union = area(one) + area(other) - shared
    return shared / union if union > 0 else 0.0


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
