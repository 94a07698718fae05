"""A window: the part of a picture that a model looks at, at the scale at which it would see the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editjudge.image.boxes import Box
from editjudge.types import Boxes, Image

PictureSize = tuple[int, int]
"""(height, width)."""


@dataclass(frozen=True)
class Window:
    """A part of a picture, in its pixels; ends exclusive.

    Attributes:
        place: Of its size in the list of those that the model takes; 0 is the largest.
        cost: What looking at it takes, of what looking at the whole does: the share of the model's pixels.
    """

    place: int
    x0: int
    y0: int
    x1: int
    y1: int
    cost: float

    def cut(self, picture: Image) -> Image:
        """What the window shows, a view."""
        return picture[self.y0 : self.y1, self.x0 : self.x1]

    @property
    def outline(self) -> Box:
        """float32[4]."""
        return np.array([self.x0, self.y0, self.x1, self.y1], dtype=np.float32)

    def to_window(self, boxes: Boxes) -> Boxes:
        """Boxes float32[N, 4] of the picture in pixels of the window."""
        return np.asarray(boxes - np.array([self.x0, self.y0] * 2, dtype=np.float32))

    def to_picture(self, boxes: Boxes) -> Boxes:
        """Boxes float32[N, 4] of the window in pixels of the picture."""
        return np.asarray(boxes + np.array([self.x0, self.y0] * 2, dtype=np.float32))


def choose_window(region: Box, shape: PictureSize, seen: PictureSize, sides: Sequence[int], grid: int) -> Window | None:
    """The smallest window that holds a region, about its middle; None where none does.

    Args:
        region: float32[4], in pixels of the picture.
        shape: (height, width) of the picture.
        seen: The same of the whole picture as the model sees it, without padding.
        sides: Of the windows that the model takes, in its pixels, the largest first.
        grid: The model's pixels by which windows are moved, so that its patches lie as in the whole picture.
    """
    low, high = np.maximum(region[:2], 0), np.minimum(region[2:], shape[::-1])
    scale = np.array([shape[1] / seen[1], shape[0] / seen[0]])  # x, y, as boxes have them
    for place in reversed(range(len(sides))):
        extent = np.minimum(shape[::-1], np.rint(sides[place] * scale))
        start = np.rint(((low + high) / 2 - extent / 2) / (grid * scale)) * grid * scale
        start = np.clip(np.rint(start), 0, shape[::-1] - extent)
        if (low >= start).all() and (high <= start + extent).all():
            (x0, y0), (x1, y1) = start.astype(int).tolist(), (start + extent).astype(int).tolist()
            return Window(place, x0, y0, x1, y1, min(1.0, sides[place] ** 2 / (seen[0] * seen[1])))
    return None
