"""What an embedding of an edit is made of: both whole pictures, and both sides of the places where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editjudge.image.transforms import resize
from editjudge.models.pair.places import MOST, find_places
from editjudge.types import Floats, Image

PLACES = 1 + MOST
"""The whole pictures, and the places."""
DETAIL = 12
"""Pixels of a side of the thumbnails, which show where in a place something is, as CLIP's features hardly do."""


@dataclass(frozen=True, eq=False)
class PairViews:
    """The places of one edit, the whole pictures first.

    Attributes:
        before, after: uint8[h, w, 3] each, of the original and of the edited picture.
        boxes: float32[N, 4], where they are, in shares of the picture's width and height.
    """

    before: tuple[Image, ...]
    after: tuple[Image, ...]
    boxes: Floats

    @property
    def all(self) -> tuple[Image, ...]:
        """All pictures: before, then after."""
        return *self.before, *self.after


@dataclass(frozen=True, eq=False)
class PairInputs:
    """N edits as the fusing network takes them; what an edit has fewer places than PLACES for is zero, and not seen.

    Attributes:
        features: float32[N, PLACES, 2, D]: CLIP's, not normalised, before and after.
        details: float32[N, PLACES, 2, 3, DETAIL, DETAIL], thumbnails from -0.5 to 0.5.
        boxes: float32[N, PLACES, 4], in shares of the picture.
        seen: float32[N, PLACES]: 1 for a place, else 0.
    """

    features: Floats
    details: Floats
    boxes: Floats
    seen: Floats

    def feeds(self) -> dict[str, Floats]:
        """By the names of the network's inputs."""
        return vars(self)


def view_pair(original: Image, edited: Image) -> PairViews:
    """The views of two pictures uint8[H, W, 3] of one size."""
    height, width = original.shape[:2]
    size = np.array([width, height] * 2, np.float32)
    boxes = np.concatenate([np.array([[0, 0, width, height]], np.float32), find_places(original, edited)])
    windows = [
        (slice(int(top), max(int(top) + 1, round(bottom))), slice(int(left), max(int(left) + 1, round(right))))
        for left, top, right, bottom in boxes.tolist()
    ]
    before, after = (tuple(picture[window] for window in windows) for picture in (original, edited))
    return PairViews(before, after, np.asarray(boxes / size, np.float32))


def stack_inputs(views: Sequence[PairViews], features: Floats) -> PairInputs:
    """The inputs of N edits.

    Args:
        views: Of each.
        features: float32[M, D]: of all their pictures, edit by edit, in the order of `PairViews.all`.
    """
    count = len(views)
    stacked = PairInputs(
        np.zeros((count, PLACES, 2, features.shape[1]), np.float32),
        np.zeros((count, PLACES, 2, 3, DETAIL, DETAIL), np.float32),
        np.zeros((count, PLACES, 4), np.float32),
        np.zeros((count, PLACES), np.float32),
    )
    start = 0
    for index, view in enumerate(views):
        places = len(view.boxes)
        own = features[start : start + 2 * places].reshape(2, places, -1)
        stacked.features[index, :places] = own.swapaxes(0, 1)
        small = np.stack([resize(picture, DETAIL, DETAIL, "area") for picture in view.all])
        details = small.reshape(2, places, DETAIL, DETAIL, 3).transpose(1, 0, 4, 2, 3)
        stacked.details[index, :places] = details.astype(np.float32) / 255 - np.float32(0.5)
        stacked.boxes[index, :places] = view.boxes
        stacked.seen[index, :places] = 1.0
        start += 2 * places
    return stacked
