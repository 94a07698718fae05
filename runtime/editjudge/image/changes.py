"""What happened to a picture: where it changed, and whether that is an edit, noise, nothing, or another picture.

Pictures are compared small (SIDE), whatever the frame, and pixels here are those of the small ones. Where nothing
changed there, large ones are compared finer, for what is too small to be seen at SIDE.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.image.align import SIDE, edge_strength, fit_alignment, shrink
from editjudge.image.alignment import PairAlignment
from editjudge.image.difference import LEAST, choose_threshold, measure_gap
from editjudge.image.recolour import explained_share, predict_recolouring
from editjudge.image.tone import SLIGHT, is_clear_tone
from editjudge.types import ChangeKind, Image
from editjudge.utils.libraries.opencv import cv2

PEAK = 1.5  # what the strongest pixel of a changed place has of that threshold at least
ENERGY = 400.0
"""The length of the summed differences, in units of Lab at SIDE, from which a place is an edit: JPEG at 50 leaves up to
70, grain of 25 levels up to 190 in rendered scenes."""
NOISY_ENERGY = 900.0
"""The same where noise was added, of which 25 levels leave up to 710 in photographs."""
STRONG, SMALL_ENERGY = 30.0, 150.0
"""The units of Lab by which the strongest pixel of a place differs at least that is seen in the finer comparison alone,
and its least energy there. Another colour of 20 pixels in 4,000 has 30 to 60, and 150 to 320; JPEG at 50 and grain of
25 levels, enlarged four times with their photographs, leave up to 22, and 225."""
FINEST = 4
"""Pixels handed in, and half as many of the frame, along the side of one that is compared finer: noise and compression
are averaged there as they are at SIDE."""
ALIKE = 0.2
"""The correlation of the edges under which two pictures have nothing in common; true edits were seen down to 0.25."""
UNLIKE = 0.45
"""The share of its pixels in which another picture differs; edits that leave no common edges were seen up to 0.37."""
EXPLAINED = 0.42
"""The share of a picture's variance that a change of the original's colours must explain where no edges are shared:
styles that the studio draws have 0.43 and more, 98 % of other pictures in such a style less than 0.55."""
SUBTLE = 0.6  # levels, the mean difference from which something subtle may have been done
NOISY = 5.0
"""The standard deviation of noise, in levels, from which it is told."""


@dataclass(frozen=True)
class Changes:
    """What happened to a picture, as far as pixels tell.

    Attributes:
        kind: What it is.
        alignment: How the edited picture lies to the original, in pixels of the pictures as they were handed in.
        mask: bool[h, w], small (`choose_side`): where the picture changed.
        spots: bool[h, w], where all of the picture was to change: what no smooth change of its colours explains; None:
            only a part was to change.
        noise: The standard deviation of the noise that was added, in levels; negative where some was taken away.
        recoloured: uint8[h', w', 3] each, where there are spots: what a smooth change of its colours would make of the
            picture, and what it is.
        small: uint8[h, w, 3] each, of a longest side of SIDE: both as they were handed in; None: not kept.
    """

    kind: ChangeKind
    alignment: PairAlignment
    mask: NDArray[np.bool_]
    noise: float = 0.0
    spots: NDArray[np.bool_] | None = None
    recoloured: tuple[Image, Image] | None = None
    small: tuple[Image, Image] | None = None

    @classmethod
    def none(cls) -> Changes:
        """Of pictures without pixels."""
        return cls("unchanged", PairAlignment.still(), np.zeros((0, 0), bool))

    @property
    def share(self) -> float:
        """Of the picture's pixels that changed, 0 to 1."""
        return float(self.mask.mean())

    def resize_mask(self, height: int, width: int) -> NDArray[np.bool_]:
        """bool[height, width]: the mask at another size."""
        return cv2.resize(self.mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0


def choose_side(longest: int, handed_in: int) -> int:
    """Pixels of the longest side that pictures are compared at: SIDE, or more where they are large enough.

    Args:
        longest: Pixels of their longest side in the frame.
        handed_in: The same of the smaller one as it was handed in.
    """
    return max(SIDE, min(2 * longest, handed_in) // FINEST)


def find_changes(
    original: Image, edited: Image, whole: bool = False, subtle: bool = False, handed_in: int | None = None
) -> Changes:
    """Compares two pictures uint8[H, W, 3] of one size.

    Args:
        original: The picture before the edit.
        edited: The picture after it.
        whole: Whether the whole picture was to change, so that a clear change of tone is no drift.
        subtle: Whether what was asked for may look like drift or noise, as a bit more light does.
        handed_in: Pixels of the longest side of the smaller of the two before they were scaled; None: as they are.
    """
    small = one, other = shrink(original), shrink(edited)
    longest = max(original.shape[:2])
    side = choose_side(longest, handed_in or longest)
    if np.array_equal(one, other) and (side == SIDE or np.array_equal(original, edited)):
        return Changes("unchanged", PairAlignment.still(), np.zeros(one.shape[:2], bool), small=small)
    alignment = fit_alignment(one, other)
    other = alignment.undo_geometry(other)
    noise = _measure_noise(other) - _measure_noise(one)
    if noise > NOISY:  # in which a tone of a part cannot be seen
        mask = _changed_places(one, other, replace(alignment, is_uneven=False), NOISY_ENERGY)
    else:
        mask = _changed_places(one, other, alignment, ENERGY)
        if side > SIDE and not mask.any():
            mask = _compare_finely(original, edited, alignment, side)
    if whole and is_clear_tone(one, alignment.gain, alignment.offset):
        mask = alignment.covers(*one.shape[:2])
    if subtle and not mask.any() and float(np.abs(one.astype(np.float32) - other).mean()) > SUBTLE:
        mask = alignment.covers(*one.shape[:2])
    recoloured = predict_recolouring(one, other) if whole and mask.any() else None
    if not mask.any():
        kind: ChangeKind = "noise" if noise > NOISY else "unchanged"
    else:
        kind = "other_picture" if _is_other(one, other, noise, recoloured) else "edit"
    if kind != "edit":
        recoloured = None
    spots = _find_spots(*recoloured, one.size) if recoloured else None
    alignment = alignment.resized(max(original.shape[:2]) / max(one.shape[:2]))
    return Changes(kind, alignment, mask, noise, spots, recoloured, small)


def _compare_finely(original: Image, edited: Image, alignment: PairAlignment, side: int) -> NDArray[np.bool_]:
    """bool[h, w], of a longest side of `side`: the places that are too small to be seen at SIDE, and differ strongly.

    The alignment is that of the pictures at SIDE.
    """
    one, other = shrink(original, side), shrink(edited, side)
    placed = alignment.resized(side / SIDE)
    return _changed_places(one, placed.undo_geometry(other), placed, SMALL_ENERGY, STRONG)


def _find_spots(predicted: Image, seen: Image, full_size: int) -> NDArray[np.bool_]:
    """bool[h, w]: where a picture is not what its recolouring predicts; both are smaller than those of `full_size`."""
    return _changed_places(predicted, seen, PairAlignment.still(), ENERGY * seen.size / full_size)


def _changed_places(
    original: Image, edited: Image, alignment: PairAlignment, energy: float, peak: float = 0.0
) -> NDArray[np.bool_]:
    """bool[H, W]: the connected places whose difference, summed with its direction, exceeds an energy.

    peak: units of Lab by which the strongest pixel of a place differs at least.
    """
    difference, gap = measure_gap(original, edited, alignment)
    threshold = choose_threshold(gap, alignment)
    count, labels = cv2.connectedComponents((gap > threshold).astype(np.uint8), connectivity=8)
    if count == 1:
        return np.zeros(gap.shape, bool)
    places = np.flatnonzero(labels)
    label, length = labels.ravel()[places], gap.ravel()[places]
    peaked = np.bincount(label[length > max(PEAK * threshold, peak)], minlength=count) > 0
    # Differences that point every way, as those of noise and compression do, add up to little.
    vectors = difference.reshape(-1, 3)[places]
    vectors *= (length / np.maximum(np.linalg.norm(vectors, axis=1), 1e-6))[:, None]
    sums = [np.bincount(label, weights=vectors[:, channel], minlength=count) for channel in range(3)]
    total = np.bincount(label, weights=length, minlength=count)  # where an edit itself is of colours that cancel
    changed = peaked & ((np.linalg.norm(sums, axis=0) > energy) | (total > 2 * energy))
    changed[0] = False
    return np.asarray(changed[labels])


def _is_other(original: Image, edited: Image, noise: float, recoloured: tuple[Image, Image] | None) -> bool:
    """Whether two pictures of one size and place have neither their edges nor most of their colours in common.

    Edges alone do not tell: on a plain background, two objects that are gone take most of them away, and another style
    draws its own. recoloured: where all was to change, what a change of colours predicts, and what there is.
    """
    if _alike(original, edited, smoothed=noise > NOISY) >= ALIKE:
        return False
    if recoloured:
        return explained_share(*recoloured) < EXPLAINED
    alignment = fit_alignment(original, edited, SLIGHT)  # any plain background has the tone of any other
    _, gap = measure_gap(original, edited, alignment)
    return float((gap > LEAST).mean()) > UNLIKE


def _alike(original: Image, edited: Image, smoothed: bool) -> float:
    """The correlation of the edges, -1 to 1; 1 where one picture has none."""
    grays: list[Any] = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (original, edited)]
    if smoothed:
        grays = [cv2.GaussianBlur(gray, (0, 0), 2.0) for gray in grays]
    one, other = (edges - edges.mean() for edges in map(edge_strength, grays))
    spread = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(np.vdot(one, other)) / spread if spread else 1.0


def _measure_noise(picture: Image) -> float:
    """The standard deviation of noise in levels (Immerkaer 1996), from a median that edges do not reach.

    0 of pictures that no pixel lies inside of.
    """
    if min(picture.shape[:2]) <= 2:
        return 0.0
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return float(np.median(np.abs(cv2.filter2D(gray, cv2.CV_32F, kernel)[1:-1, 1:-1]))) / 0.6745 / 6
