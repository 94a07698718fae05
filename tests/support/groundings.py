"""Where objects are in a square frame, and features of them, for sub-scores that are worked out by hand."""

from __future__ import annotations

import numpy as np

from editjudge.metrics.grounding import Grounding, Region
from editjudge.types import Detections, EditIntent

SIDE = 100
"""Of the frame, in pixels."""


def region_at(*boxes: tuple[float, float, float, float], score: float = 0.9) -> Region:
    """A region whose masks fill its boxes."""
    masks = np.zeros((len(boxes), SIDE, SIDE), bool)
    for mask, (x0, y0, x1, y1) in zip(masks, boxes, strict=True):
        mask[int(y0) : int(y1), int(x0) : int(x1)] = True
    return Region(detections_at(*boxes, score=score), masks)


def detections_at(*boxes: tuple[float, float, float, float], score: float = 0.9) -> Detections:
    return Detections("thing", np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), score, np.float32))


def grounding(original: Region | None, edited: Region | None, anchor: Detections | None = None) -> Grounding:
    return Grounding(original, edited, anchor, SIDE, SIDE)


def move(position: str, **more: str) -> EditIntent:
    return EditIntent("move", "thing", "thing", position=position, **more)


def features(**vectors: tuple[float, ...]) -> dict[str, np.ndarray]:
    return {name: np.array(vector, np.float32) for name, vector in vectors.items()}


HERE = (20, 40, 40, 60)
NOWHERE = region_at()
MOVES = {"left": (0, 40, 20, 60), "right": (70, 45, 90, 65), "up": (25, 5, 45, 25), "down": (15, 75, 35, 95)}
BOTH = grounding(region_at(HERE), region_at(HERE))
"""An object that was found in both pictures, at the same place."""
