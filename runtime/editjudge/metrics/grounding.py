"""Where the objects of an edit were found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.types import Boxes, Detections, Masks


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


@dataclass(frozen=True)
class Grounding:
    """Where the objects of an edit are in a frame of height x width pixels; None: the edit has no such object.

    original: the source in the original. edited: the target in the edited picture. anchor: in the original.
    """

    original: Region | None
    edited: Region | None
    anchor: Detections | None
    height: int
    width: int

    @property
    def missing(self) -> str | None:
        """The flag of an object that was looked for and not found; of two, the source's, as in the released code."""
        if self.original is not None and not len(self.original):
            return "source_not_found"
        if self.edited is not None and not len(self.edited):
            return "target_not_found"
        return None

    @property
    def regions(self) -> tuple[Region, Region] | None:
        """In the original and in the edited picture; of an add or a remove, the one region twice (section 3.2)."""
        original = self.edited if self.original is None else self.original
        edited = self.original if self.edited is None else self.edited
        return None if self.missing or original is None or edited is None else (original, edited)

    @property
    def scores(self) -> tuple[float, ...]:
        """The detector's best score for each object that it found."""
        return tuple(float(found.scores[0]) for found in (self.source, self.target, self.anchor) if found)

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
        """bool[H, W] each: M_orig and M_edit, both empty where one of them was not found."""
        return (self.nowhere, self.nowhere) if self.regions is None else (self.regions[0].mask, self.regions[1].mask)

    @property
    def union(self) -> NDArray[np.bool_]:
        """bool[H, W]: M_orig | M_edit, empty where one of them was not found."""
        return np.logical_or(*self.masks)

    @property
    def nowhere(self) -> NDArray[np.bool_]:
        """bool[H, W], empty."""
        return np.zeros((self.height, self.width), dtype=bool)
