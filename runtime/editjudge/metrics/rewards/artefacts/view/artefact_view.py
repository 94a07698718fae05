"""A pair of pictures as artefacts are looked for: of one size, the original in the place and tone of the edited one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from editjudge.image.alignment import PairAlignment
from editjudge.image.transforms import resize
from editjudge.metrics.rewards.artefacts.view.grid import CELL, average_cells
from editjudge.metrics.rewards.artefacts.view.recolouring import recolour
from editjudge.types import Floats, Image
from editjudge.utils.libraries.opencv import cv2

if TYPE_CHECKING:
    from editjudge.metrics.context import EditContext

LONGEST = 1024
"""Pixels of the longest side that larger pictures are brought to: what is finer is not seen of the whole picture."""
STAMP = 5 / 64, 1 / 64
"""Width and height of the stamp that a well-known editor leaves in the lower right corner, of the longest side: it is
of square blocks, and no artefact."""
KEPT = 6.0
"""Levels by which the mean of a cell may differ where nothing else was put there."""
LITTLE = 0.12
"""The share of the picture that was kept by which nothing can be told of it."""
SMEARED = 0.5
"""The share of the range of the means around a cell by which blur and compression move its own besides."""


@dataclass(frozen=True, eq=False)
class PictureSide:
    """One of the two pictures, uint8[H, W, 3], and what is measured of all of its pixels."""

    picture: Image

    @cached_property
    def gray(self) -> NDArray[np.uint8]:
        """uint8[H, W]."""
        return np.asarray(cv2.cvtColor(self.picture, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def across(self) -> NDArray[np.uint8]:
        """uint8[H, W]: the step from each pixel to the one right of it; 0 in the last column."""
        steps = np.zeros_like(self.gray)
        steps[:, :-1] = cv2.absdiff(self.gray[:, 1:], self.gray[:, :-1])
        return steps

    @cached_property
    def down(self) -> NDArray[np.uint8]:
        """uint8[H, W]: the step from each pixel to the one below; 0 in the last row."""
        steps = np.zeros_like(self.gray)
        steps[:-1] = cv2.absdiff(self.gray[1:], self.gray[:-1])
        return steps

    @cached_property
    def steps(self) -> Floats:
        """float32[h, w]: the mean squared step of each cell's pixels, in either direction."""
        squares = [cv2.multiply(side, side, dtype=cv2.CV_32F) for side in (self.across, self.down)]
        return average_cells(cv2.add(squares[0], squares[1]))

    @cached_property
    def colours(self) -> Floats:
        """float32[h, w, 3]: the mean colour of each cell."""
        return average_cells(self._halved, CELL // 2)

    @cached_property
    def small(self) -> Floats:
        """float32[H / 2, W / 2, 3]: the picture at half its size, in CIE Lab."""
        lab = cv2.cvtColor(self._halved, cv2.COLOR_RGB2LAB).astype(np.float32)
        cv2.multiply(lab, np.array([100 / 255, 1, 1, 1]), dst=lab)  # lightness of 0 to 100, as exactly
        return np.asarray(lab, np.float32)

    @cached_property
    def _halved(self) -> Image:
        height, width = (side // 2 for side in self.picture.shape[:2])
        even = self.picture[: 2 * height, : 2 * width]
        return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@dataclass(frozen=True, eq=False)
class ArtefactView:
    """The pair, both uint8[H, W, 3].

    Attributes:
        original: In the size, the place and the tone of the edited one.
        edited: As it was handed in, or smaller where its longest side had more than LONGEST pixels.
    """

    original: PictureSide
    edited: PictureSide

    @classmethod
    def of(cls, context: EditContext) -> ArtefactView:
        """That of the pictures as they were handed in, without their borders."""
        original, edited = map(context.task.content.cut, context.handed_in)
        scale = min(1.0, LONGEST / max(edited.shape[:2]))
        width, height = (max(1, round(side * scale)) for side in (edited.shape[1], edited.shape[0]))
        edited = resize(edited, width, height, "area")
        alignment = context.aligned.changes.alignment
        if original.shape != edited.shape:
            original = _resize(original, width, height)
        if not alignment.is_still:
            original = _place(original, alignment.resized(max(height, width) / max(context.original.shape[:2])))
        if alignment.gain != (1.0, 1.0, 1.0) or alignment.offset != (0.0, 0.0, 0.0):
            original = alignment.apply_tone(original)
        view = cls.pair(original, _cover_stamp(original, edited))
        return view if view.trust == 1 else view._recoloured()

    @classmethod
    def pair(cls, original: Image, edited: Image) -> ArtefactView:
        """That of two pictures uint8[H, W, 3] of one size, in one place and tone."""
        return cls(PictureSide(original), PictureSide(edited))

    def _recoloured(self) -> ArtefactView:
        """With the original in other colours, where that makes the two pictures more alike."""
        if not self.kept.size:
            return self
        before, after = self.original, self.edited
        other = replace(self, original=PictureSide(recolour(before.picture, before.colours, after.colours)))
        return other if other.trust > self.trust else self

    @cached_property
    def gap(self) -> Floats:
        """float32[H / 2, W / 2, 3]: how far the edited picture at half its size differs, in CIE Lab."""
        return np.asarray(self.edited.small - self.original.small)

    @cached_property
    def trust(self) -> float:
        """0 to 1: how far what was kept of the picture tells of all of it."""
        return float(np.clip((self.kept.mean() - LITTLE) / LITTLE, 0, 1)) if self.kept.size else 0.0

    @cached_property
    def kept(self) -> NDArray[np.bool_]:
        """bool[h, w]: the cells that show what they showed, however well."""
        return self.kept_within(KEPT)

    def kept_within(self, levels: float) -> NDArray[np.bool_]:
        """bool[h, w]: the cells whose mean colour differs by no more than that, and what is smeared over them."""
        around = np.ones((3, 3), np.uint8)
        before, after = self.original.colours, self.edited.colours
        ranges = [_largest(cv2.dilate(one, around) - cv2.erode(one, around)) for one in (before, after)]
        reach = np.minimum(*ranges)  # beside a thing that came or went, one of them is plain
        gap = _largest(np.abs(before - after))
        other = (gap > levels + SMEARED * reach).astype(np.uint8)
        return np.asarray(cv2.dilate(other, around) == 0)


def _largest(channels: Floats) -> Floats:
    """float32[h, w]: the largest of the channels of float32[h, w, 3]."""
    red, green, blue = cv2.split(channels)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)


def _cover_stamp(original: Image, edited: Image) -> Image:
    """The edited picture with the original where there may be a stamp, and in the cells that touch it."""
    longest = max(edited.shape[:2])
    columns, rows = ((int(share * longest) // CELL + 2) * CELL for share in STAMP)
    above = np.s_[-2 * rows : -rows, -columns:]
    if original[above].size == 0 or float(cv2.absdiff(original[above], edited[above]).mean()) > KEPT:
        return edited  # where all is new, the original would be
    covered = edited.copy()
    covered[-rows:, -columns:] = original[-rows:, -columns:]
    return covered


def _resize(picture: Image, width: int, height: int) -> Image:
    """As editors scale a picture before they edit it: to fewer pixels by area, to more of them smoothly."""
    if width <= picture.shape[1]:
        return resize(picture, width, height, "area")
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _place(original: Image, alignment: PairAlignment) -> Image:
    """The original where the edited picture has its content."""
    size = original.shape[1], original.shape[0]
    inverse = cv2.invertAffineTransform(alignment.matrix)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(original, inverse, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)
