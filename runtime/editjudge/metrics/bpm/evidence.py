"""The arrays behind a score, and what they show of what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from editjudge.types import Image


@dataclass(frozen=True)
class Evidence:
    """The arrays behind a score, for reports and masks; all at the frame's size H x W.

    Attributes:
        original, edited: uint8[H, W, 3] RGB.
        original_mask, edited_mask: bool[H, W].
        change: float32[H, W], the L2 distance per pixel, 0 to 1.
        original_size: Height and width of the original as it was handed in; None: the frame's.
    """

    NOTICED: ClassVar[float] = 0.05
    """The change from which a pixel counts as changed: about 13 of 255 levels, more than what compression leaves."""

    original: Image
    edited: Image
    original_mask: NDArray[np.bool_]
    edited_mask: NDArray[np.bool_]
    change: NDArray[np.float32]
    original_size: tuple[int, int] | None = None

    @classmethod
    def none(cls) -> Evidence:
        """Arrays of no pixels, in the place of some megabytes: for who keeps many scores."""
        picture, mask = np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), bool)
        return cls(picture, picture, mask, mask, np.zeros((0, 0), np.float32))

    def outside(self, whole: bool) -> NDArray[np.bool_]:
        """bool[H, W]: what the edit should have left alone; all of the picture when the whole of it is looked at."""
        if whole:
            return np.ones(self.change.shape, bool)
        return np.asarray(~(self.original_mask | self.edited_mask))

    def changed_share(self, whole: bool) -> float | None:
        """The share of pixels outside the masks that changed noticeably, 0 to 1; None when the masks cover all."""
        where = self.outside(whole)
        changed = np.count_nonzero((self.change > self.NOTICED) & where)
        return changed / np.count_nonzero(where) if where.any() else None
