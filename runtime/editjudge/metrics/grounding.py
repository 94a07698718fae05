"""Where the objects of an edit were found."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from editjudge.image.boxes import iou_with
from editjudge.types import Boxes, Detections, Image, Masks

SAME = 0.7
"""The IoU of a box and one of what is to stay from which both are of the same object."""
TOUCHED = 0.05
"""The share of an object's boxes that changed from which the object counts as touched."""


@dataclass(frozen=True)
class Region:
    """Where an object is in one picture: its detections and, per box, its mask bool[N, H, W] at the frame's size."""

    detections: Detections
    masks: Masks

    def __post_init__(self) -> None:
        if self.masks.ndim != 3 or len(self.masks) != len(self.detections):
            raise ValueError(f"masks must be [{len(self.detections)}, H, W], not {self.masks.shape}")

    def __len__(self) -> int:
        return len(self.detections)

    def without_boxes(self) -> Region:
        """A region in which nothing was found."""
        nothing = Detections(self.detections.phrase, self.boxes[:0], self.detections.scores[:0])
        return Region(nothing, self.masks[:0])

    def hide(self, picture: Image) -> Image:
        """A picture uint8[H, W, 3] with the mean colour of all else in the region's place."""
        hidden, mask = picture.copy(), self.mask
        if not mask.all():
            hidden[mask] = picture[~mask].mean(axis=0)
        return hidden

    def without_pixels(self, mask: NDArray[np.bool_]) -> Region:
        """The region less the pixels of bool[H, W]; its boxes stay."""
        return replace(self, masks=self.masks & ~mask)

    @property
    def boxes(self) -> Boxes:
        return self.detections.boxes

    @property
    def mask(self) -> NDArray[np.bool_]:
        """bool[H, W]: the union of the masks."""
        return np.asarray(self.masks.any(axis=0))

    @property
    def enclosing_box(self) -> NDArray[np.float32]:
        """float32[4] around all boxes (section 3.4: several boxes are cropped by what encloses them)."""
        return np.concatenate([self.boxes[:, :2].min(axis=0), self.boxes[:, 2:].max(axis=0)])


def leave_out(detections: Detections, kept: Boxes) -> Detections:
    """Detections without those that are of what is to stay, by its boxes."""
    others = [index for index, box in enumerate(detections.boxes) if (iou_with(box, kept) < SAME).all()]
    return replace(detections, boxes=detections.boxes[others], scores=detections.scores[others])


@dataclass(frozen=True)
class Grounding:
    """Where the objects of an edit are in a frame of height x width pixels; None: the edit has no such object.

    original: the source in the original. edited: the target in the edited picture. anchor: in the original. kept: what
    is to stay, in the original; no part of the other two. kept_edited: in the edited picture. masked: whether all that
    has to be was cut out; else no mask counts.
    """

    original: Region | None
    edited: Region | None
    anchor: Detections | None
    height: int
    width: int
    kept: Region | None = None
    kept_edited: Detections | None = None
    masked: bool = True

    @classmethod
    def unseen(cls, source: Region | None, anchor: Detections | None, original: Image) -> Grounding:
        """Where an edited picture was not looked at: what was found in the original uint8[H, W, 3] alone."""
        return cls(source, None, anchor, *original.shape[:2])

    @property
    def missing(self) -> str | None:
        """The flag of an object that was looked for and not found; of two, the source's, as in the released code."""
        if self.original is not None and not len(self.original):
            return "source_not_found"
        if self.edited is not None and not len(self.edited):
            return "target_not_found"
        return None

    @property
    def lacks_kept(self) -> bool:
        """Whether what is to stay was looked for in the original and not found."""
        return self.kept is not None and not len(self.kept)

    @property
    def regions(self) -> tuple[Region, Region] | None:
        """In the original and in the edited picture; of an add or a remove, the one region twice (section 3.2)."""
        original = self.edited if self.original is None else self.original
        edited = self.original if self.edited is None else self.edited
        return None if self.missing or original is None or edited is None else (original, edited)

    def changed_share(self, region: Region, changed: NDArray[np.bool_]) -> float:
        """The share of a region's boxes that changed, 0 to 1; changed: bool[h, w], the frame at any size."""
        height, width = changed.shape
        across, down = width / self.width, height / self.height
        inside = np.zeros(changed.shape, bool)
        for x0, y0, x1, y1 in region.boxes.tolist():
            inside[int(y0 * down) : int(y1 * down) + 1, int(x0 * across) : int(x1 * across) + 1] = True
        return int(np.count_nonzero(changed & inside)) / max(1, int(np.count_nonzero(inside)))

    def without_weak(self, changed: NDArray[np.bool_] | None) -> Grounding:
        """Without what the detector is not sure of, unless the pixels show that something happened just there.

        A doubted source whose result was looked for and is missing goes too: nothing tells it from any damage.

        changed: bool[h, w], the frame at any size: where the picture changed; None: it is not asked.
        """

        def confirm(region: Region | None) -> Region | None:
            if region is None or not region.detections.is_weak:
                return region
            confirmed = changed is not None and self.changed_share(region, changed) >= TOUCHED
            return region if confirmed else region.without_boxes()

        original, edited = confirm(self.original), confirm(self.edited)
        if original is not None and original.detections.is_weak and edited is not None and not len(edited):
            original = original.without_boxes()
        left = replace(self, original=original, edited=edited)
        # Nothing is cut out of what is missing.
        return replace(left, masked=self.masked or (left.missing is not None and left.kept is None))

    @property
    def scores(self) -> tuple[float, ...]:
        """The detector's best score for each object that it found."""
        return tuple(float(found.scores[0]) for found in self._found if found)

    @property
    def _found(self) -> tuple[Detections | None, ...]:
        return self.source, self.target, self.anchor, self.keep

    @property
    def keep(self) -> Detections | None:
        """What was found in the original of what is to stay."""
        return None if self.kept is None else self.kept.detections

    @property
    def source(self) -> Detections | None:
        """What was found of the source in the original."""
        return None if self.original is None else self.original.detections

    @property
    def target(self) -> Detections | None:
        """What was found of the target in the edited picture."""
        return None if self.edited is None else self.edited.detections

    @property
    def masks(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """bool[H, W] each: M_orig and M_edit, both empty where one of them was not found.

        Of an edit of the whole picture, all but what is to stay; empty where nothing is.
        """
        if not self.masked:
            return self.nowhere, self.nowhere
        if self.regions is not None:
            return self.regions[0].mask, self.regions[1].mask
        is_whole = self.original is None and self.edited is None
        one = ~self.kept.mask if is_whole and self.kept else self.nowhere
        return one, one

    @property
    def union(self) -> NDArray[np.bool_]:
        """bool[H, W]: M_orig | M_edit, empty where one of them was not found."""
        return np.logical_or(*self.masks)

    @property
    def nowhere(self) -> NDArray[np.bool_]:
        """bool[H, W], empty."""
        return np.zeros((self.height, self.width), dtype=bool)
