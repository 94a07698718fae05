"""Which windows of an edited picture show all of what changed in it, or why the whole of it has to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.image.boxes import Box
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.grounding import TOUCHED
from editjudge.models.windows.window import PictureSize, Window, WindowSizes, choose_window
from editjudge.types import Boxes
from editjudge.utils.libraries.opencv import cv2

MOST_CHANGED = 0.25
"""The share of the picture from which so much of it changed that the whole is looked at."""
MOST_COST = 0.7
"""What all windows may cost together, of what the whole picture does."""
MOST_WINDOWS = 3
CONTEXT = 0.35
"""How much of its surroundings is seen of what changed, as a share of its length, on each side."""
LEAST_CONTEXT = 0.1
"""The same as a share of the picture's longest side, at the least."""


@dataclass(frozen=True)
class LookPlan:
    """Where to look.

    Attributes:
        windows: None where the whole picture has to be looked at.
        reason: Why it has to.
    """

    windows: tuple[Window, ...]
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class ChangedPlaces:
    """Where a picture of height x width changed; mask: bool[h, w], the picture at any size."""

    mask: NDArray[np.bool_]
    height: int
    width: int

    @classmethod
    def of(cls, aligned: AlignedImage) -> ChangedPlaces:
        """Where an edited picture differs from its original."""
        return cls(aligned.changes.mask, *aligned.picture.shape[:2])

    def boxes(self) -> Boxes:
        """float32[N, 4] in pixels of the picture: round each connected place."""
        stats = cv2.connectedComponentsWithStats(self.mask.astype(np.uint8), connectivity=8)[2][1:, :4]
        corners = np.concatenate([stats[:, :2], stats[:, :2] + stats[:, 2:]], axis=1).astype(np.float32)
        return np.asarray(corners * self._scale, dtype=np.float32)

    def share(self, box: Box) -> float:
        """Of a box in pixels of the picture, what changed, 0 to 1."""
        x0, y0, x1, y1 = (box / self._scale).tolist()
        inside = self.mask[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1]
        return float(inside.mean()) if inside.size else 0.0

    @property
    def _scale(self) -> Box:
        rows, columns = self.mask.shape
        return np.array([self.width / columns, self.height / rows] * 2, dtype=np.float32)


def plan_look(changed: ChangedPlaces, objects: Boxes, seen: PictureSize, sizes: WindowSizes) -> LookPlan:
    """Plans how to look at an edited picture.

    Args:
        changed: Where it changed.
        objects: float32[N, 4] in its pixels: what was found in the original. Those that changed are seen whole.
        seen: (height, width) of the picture as the model sees it.
        sizes: As for `choose_window`.
    """
    share = float(changed.mask.mean())
    if share > MOST_CHANGED:
        return LookPlan((), "too much of the picture changed")
    touched = [box for box in objects if changed.share(box) >= TOUCHED]
    shape = changed.height, changed.width
    windows: list[Window] = []
    for region in _group([*changed.boxes(), *touched], shape, seen, sizes):
        window = choose_window(region, shape, seen, sizes)
        if window is None:
            return LookPlan((), "what changed is too large for a window")
        windows.append(window)
    if not windows:
        return LookPlan((), "where it changed cannot be told")
    cost = sum(window.cost for window in windows)
    if len(windows) > MOST_WINDOWS or cost > MOST_COST:
        return LookPlan((), f"what changed is spread over {len(windows)} places")
    return LookPlan(tuple(windows))


def _group(boxes: Sequence[Box], shape: PictureSize, seen: PictureSize, sizes: WindowSizes) -> list[Box]:
    """The boxes grown by their context, and joined as far as a window holds several; the largest first."""
    grown = sorted((_grow(box, max(shape)) for box in boxes), key=_area, reverse=True)
    groups: list[Box] = []
    for box in grown:
        for place, group in enumerate(groups):
            both = np.concatenate([np.minimum(box[:2], group[:2]), np.maximum(box[2:], group[2:])])
            if choose_window(both, shape, seen, sizes) is not None:
                groups[place] = both
                break
        else:
            groups.append(box)
    return groups


def _grow(box: Box, longest: int) -> Box:
    margin = np.maximum(CONTEXT * (box[2:] - box[:2]), LEAST_CONTEXT * longest)
    return np.concatenate([box[:2] - margin, box[2:] + margin])


def _area(box: Box) -> float:
    return float((box[2:] - box[:2]).prod())
