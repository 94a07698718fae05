"""The border of one colour round a picture, as apps and screenshots leave it: what lies inside of it is the picture.

It is looked for in the pixels that were handed in, before these come into a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.types import Image

TOLERANCE = 12  # levels by which compression may change a border's colour
PLAIN = 0.99  # the share of a line's pixels that must have that colour
STRAIGHT = 0.6  # the share of the first line inside that must have another one: a plain background has no such edge
WIDEST = 0.25  # of a side; what is wider is no border
LINES = 32  # are looked at at once, after the first, in which most pictures differ already


@dataclass(frozen=True)
class Content:
    """The part of a picture inside its border: x0, y0, x1, y1, in pixels of a picture of height x width."""

    box: tuple[int, int, int, int]
    height: int
    width: int

    @classmethod
    def whole(cls, height: int, width: int) -> Content:
        """All of a picture that has no border."""
        return cls((0, 0, width, height), height, width)

    @property
    def longest(self) -> int:
        """Pixels of the part's longest side."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)

    @property
    def is_whole(self) -> bool:
        return self.box == (0, 0, self.width, self.height)

    def cut(self, picture: Image) -> Image:
        """The same part of a picture uint8[H, W, 3] of any size: a view."""
        if self.is_whole:
            return picture
        across, down = picture.shape[1] / self.width, picture.shape[0] / self.height
        x0, y0, x1, y1 = self.box
        return picture[round(y0 * down) : round(y1 * down), round(x0 * across) : round(x1 * across)]


def find_content(picture: Image) -> Content:
    """What lies inside the border of a picture uint8[H, W, 3]; all of it where there is none."""
    height, width = picture.shape[:2]
    whole = Content.whole(height, width)
    colour = picture[0, 0].tolist()
    sides = [picture, picture[::-1], picture.transpose(1, 0, 2), picture[:, ::-1].transpose(1, 0, 2)]
    depths = [_depth(side, colour) for side in sides]
    straight = [depth for depth, edge in depths if edge]
    if len(straight) < 2:
        return whole
    # Where the picture inside happens to begin in the border's colour, the border is as deep as on the other sides.
    usual = int(np.median(straight))
    top, bottom, left, right = (depth if edge else min(depth, usual) for depth, edge in depths)
    if not (top and bottom) and not (left and right):
        return whole
    return Content((left, top, width - right, height - bottom), height, width)


def _depth(side: Image, colour: Sequence[int]) -> tuple[int, bool]:
    """How many of the first lines of a picture are plain, and whether they end in a straight edge."""
    end = int(WIDEST * len(side)) + 1
    for start in (0, *range(1, end, LINES)):
        lines = side[start : min(end, start + LINES if start else 1)]
        for depth, line in enumerate(_find_colour(lines, colour), start):
            if np.count_nonzero(line) / len(line) < PLAIN:
                return depth, bool(depth) and _begins(side, depth, colour)
    return 0, False


def _begins(side: Image, depth: int, colour: Sequence[int]) -> bool:
    """Whether most of a line just inside the border has another colour."""
    inside = min(depth + 1, len(side) - 1)
    (line,) = _find_colour(side[inside : inside + 1], colour)
    return bool(np.count_nonzero(line == 0) / len(line) >= STRAIGHT)


def _find_colour(lines: Image, colour: Sequence[int]) -> NDArray[np.uint8]:
    """uint8[N, M], not 0: which pixels of N lines have a colour, but for what compression does to it."""
    from editjudge.utils.libraries.opencv import cv2  # noqa: PLC0415  (which types do not load)

    least = tuple(max(0, level - TOLERANCE) for level in colour)
    most = tuple(min(255, level + TOLERANCE) for level in colour)
    return np.asarray(cv2.inRange(np.ascontiguousarray(lines), least, most), np.uint8)
