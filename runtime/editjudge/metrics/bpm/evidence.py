"""The arrays behind a score, and what they show of what changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from editjudge.image.canvas import Content
from editjudge.types import Image

if TYPE_CHECKING:
    from editjudge.image.changes import Changes


@dataclass(frozen=True)
class Evidence:
    """The arrays behind a score, for reports and masks; all at the frame's size H x W.

    Attributes:
        original, edited: uint8[H, W, 3] RGB; the edited one in the place and tone of the original.
        original_mask, edited_mask: bool[H, W].
        change: float32[H, W], the L2 distance per pixel, 0 to 1.
        changes: What happened to the picture.
        content: The part of the original, as it was handed in, that the frame shows.
        tone: The mean change of tone that was taken away, 0 to 1.
    """

    NOTICED: ClassVar[float] = 0.05
    """The change from which a pixel counts as changed: about 13 of 255 levels, more than what compression leaves."""

    original: Image
    edited: Image
    original_mask: NDArray[np.bool_]
    edited_mask: NDArray[np.bool_]
    change: NDArray[np.float32]
    changes: Changes
    content: Content
    tone: float = 0.0

    @classmethod
    def none(cls) -> Evidence:
        """Arrays of no pixels, in the place of some megabytes: for who keeps many scores."""
        picture, mask = np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), bool)
        from editjudge.image.changes import Changes  # noqa: PLC0415  (OpenCV, which types do not load)

        changes = Changes.none()
        return cls(picture, picture, mask, mask, np.zeros((0, 0), np.float32), changes, Content.whole(0, 0))

    def without_masks(self) -> Evidence:
        """As if no object had been found."""
        nowhere = np.zeros_like(self.original_mask)
        return replace(self, original_mask=nowhere, edited_mask=nowhere)

    @property
    def union(self) -> NDArray[np.bool_]:
        """bool[H, W]: M_orig | M_edit."""
        return self.original_mask | self.edited_mask

    @cached_property
    def object_boxes(self) -> NDArray[np.intp]:
        """int[N, 4]: left, top, width and height of every connected place of the masks that lies in no other."""
        from editjudge.utils.libraries.opencv import cv2  # noqa: PLC0415  (which types do not load)

        found = [
            cv2.boundingRect(outline)
            for mask in (self.original_mask, self.edited_mask)
            for outline in cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
        ]
        return np.array(found, np.intp).reshape(-1, 4)

    def outside(self, whole: bool) -> NDArray[np.bool_]:
        """bool[H, W]: what the edit should have left alone; all of the picture when the whole of it is looked at."""
        return np.ones(self.change.shape, bool) if whole else ~self.union

    def changed_share(self, whole: bool) -> float | None:
        """The share of pixels outside the masks that changed noticeably, 0 to 1; None when the masks cover all."""
        where = self.outside(whole)
        changed = np.count_nonzero((self.change > self.NOTICED) & where)
        return changed / np.count_nonzero(where) if where.any() else None
