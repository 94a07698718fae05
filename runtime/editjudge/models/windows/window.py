"""A window: the part of a picture that a model looks at, at the scale at which it would see the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.image.boxes import Box
from editjudge.types import Boxes, Image

PictureSize = tuple[int, int]
"""(height, width)."""
Corner = NDArray[np.floating[Any]]
"""[2]: x, y."""


@dataclass(frozen=True)
class WindowSizes:
    """The windows that a model takes.

    Attributes:
        sides: Their sides in pixels of the model's input, the largest first.
        grid: The pixels of its input by which windows are moved, so that its patches lie as in the whole picture.
        area: The pixels of its input for whole pictures, padding included.
    """

    sides: Sequence[int]
    grid: int
    area: int


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


def choose_window(region: Box, shape: PictureSize, seen: PictureSize, sizes: WindowSizes) -> Window | None:
    """The smallest window that holds a region, about its middle; None where none does.

    Args:
        region: float32[4], in pixels of the picture; what of it lies outside of that does not count.
        shape: (height, width) of the picture.
        seen: The same of the whole picture as the model sees it, without padding.
        sizes: What windows there are.
    """
    low, high = np.maximum(region[:2], 0), np.minimum(region[2:], shape[::-1])
    scale = np.array([shape[1] / seen[1], shape[0] / seen[0]])  # x, y, as boxes have them
    for place in reversed(range(len(sizes.sides))):
        extent = np.minimum(shape[::-1], np.rint(sizes.sides[place] * scale))
        start = _find_start(low, high, shape[::-1] - extent, extent, sizes.grid * scale)
        if (low >= start).all() and (high <= start + extent).all():
            (x0, y0), (x1, y1) = start.astype(int).tolist(), (start + extent).astype(int).tolist()
            return Window(place, x0, y0, x1, y1, sizes.sides[place] ** 2 / sizes.area)
    return None


def _find_start(low: Corner, high: Corner, last: Corner, extent: Corner, step: Corner) -> Corner:
    """Where a window of an extent begins, x and y, that has the middle of low to high in its own.

    It begins on the grid of a step, but where only the last place before the picture's end shows all of that.
    """
    start = np.rint(np.rint(((low + high) / 2 - extent / 2) / step) * step)
    on_grid = np.floor(last / step) * step
    reached = np.where(high <= np.rint(on_grid) + extent, np.rint(on_grid), last)
    return np.clip(np.where(start > last, reached, start), 0, last)
