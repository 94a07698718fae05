"""Finds how an edited picture lies to its original: shift, scale and tone, fitted where the two agree.

Both are looked at in gray and small. A shift comes from phase correlation of their edges, a scale from ECC (OpenCV's
both), a tone from a line per channel, trimmed. What does not make the pictures agree clearly better is not taken; how
well they agree is told by what no curve of tone explains, so that neither a gamma nor clipping hides where they lie.

Pixels, here and of the kernels below, are those of the small pictures (SIDE) whatever the frame, but where it says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.image.alignment import IDENTITY, PairAlignment, warp
from editjudge.image.tone import DRIFT, ToneLimits, fit_tone, measure_misfit
from editjudge.image.transforms import frame_scale
from editjudge.types import FRAME, Floats, Image
from editjudge.utils.libraries.opencv import cv2

SIDE = 256
"""Pixels of the longest side that pictures are compared at."""
SMALLEST = 8
"""Pixels of the shortest side under which nothing can be said to have moved."""
REACH = 0.04
"""The largest shift that is looked for, as a share of the longest side."""
NEAR = 0.012
"""The largest shift, as a share of the longest side, that one object alone can show to be that of the whole picture."""
STEEP = 12.0  # levels a pixel from which an edge is looked at
ALONE, COMPACT = 0.9, 0.5
"""One place has this share of the edges, and its box covers less than that share of the picture: one object."""
CONTRARY = 0.15  # levels by which the plain parts of a picture may fit worse for it
DARK = 24.0  # levels from black and white
COARSE = 64  # pixels of the longest side at which noise is gone
CONCERNED, AS_IT_WAS = 4.0, 1.5
"""Levels by which a tone should change a pixel, and up to which it did not."""
STILL, UNEVEN = 0.03, 0.1
"""The share of pixels that may stand as they were for a tone to be that of all, and from which it is that of a part."""
LEAST_SHIFT = 0.12  # pixels at SIDE; less is what resampling and noise look like
SAME_SCALE = 0.002  # how far a fitted scale may be from 1 and mean nothing
STRETCH = 0.07
"""The largest change of scale that counts as a drift."""
SKEW = 0.012
"""How far from a similarity without rotation a fitted transformation may be; a first, coarse one twice as far."""
POOR = 1.5
"""Levels by which pictures may misfit before a scale is looked for."""

FARTHEST = 2.0
"""Pixels of a picture of FRAME that a shift may move when it is found anew there; more is a fit to something else."""
WINDOW, STRIDE = 256, 8
"""Pixels of a side of the part of it that is looked at for that: all of it tells no more, and takes four times as long;
and how many pixels apart those parts begin of which one is chosen."""


def shrink(picture: Image, side: int = SIDE) -> Image:
    """A picture uint8[H, W, 3] of at most `side` pixels a side."""
    height, width = picture.shape[:2]
    factor = side / max(height, width)
    if factor >= 1:
        return picture
    size = max(8, round(width * factor)), max(8, round(height * factor))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def fit_alignment(original: Image, edited: Image, tone: ToneLimits = DRIFT) -> PairAlignment:
    """The alignment of two pictures uint8[H, W, 3] of one size, which are best small (`shrink`)."""
    grays = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (original, edited)]
    geometry = PairAlignment(_fit_geometry(*grays))
    undone = geometry.undo_geometry(edited)
    gain, offset = fit_tone(original, undone, tone)
    toned = replace(geometry, gain=gain, offset=offset)
    still = _share_still(toned, original, undone)
    return toned if still <= STILL else replace(geometry, is_uneven=still > UNEVEN)


def _share_still(alignment: PairAlignment, original: Image, undone: Image) -> float:
    """Of what a tone should have changed, the share that stands as it was, which speaks against it being that of all.

    So the tone of a darker sky, or of another background, is no drift.
    """
    one, other = (shrink(picture, COARSE) for picture in (original, undone))
    moved = np.abs(alignment.tone_curve() - np.arange(256, dtype=np.float32)[:, None]) > CONCERNED
    concerned = _largest(cv2.LUT(one, moved.astype(np.uint8)[None])) > 0
    # No curve moves black and white, whatever the line through the rest says.
    concerned &= (_largest(one) > DARK) & (_largest(~one) > DARK)
    still = _largest(cv2.absdiff(one, other)) < AS_IT_WAS
    return int(np.count_nonzero(concerned & still)) / max(1, int(np.count_nonzero(concerned)))


def _largest(picture: Any) -> NDArray[np.uint8]:
    """uint8[H, W]: the largest of the channels of uint8[H, W, 3]."""
    red, green, blue = cv2.split(picture)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def refine_shift(
    alignment: PairAlignment, original: Image, edited: Image, changed: NDArray[np.bool_] | None = None
) -> PairAlignment:
    """The alignment with its shift found anew, by ECC on pictures uint8[H, W, 3] of the size that it is of.

    Larger ones than FRAME are looked at in that size, which tells a shift as well in a quarter of the time.

    changed: bool[h, w], the pictures at any size: where the edit is, which is not looked at.
    """
    if alignment.is_still:
        return alignment
    scale = frame_scale(original.shape)
    if scale > 1:
        small = alignment.resized(1 / scale)
        found = refine_shift(small, shrink(original, FRAME), shrink(edited, FRAME), changed)
        return alignment if found is small else found.resized(scale)
    one, other = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (original, edited))
    same: Any = np.ones(one.shape, np.uint8) if changed is None else _outside(changed, *one.shape)
    if alignment.scale == 1.0:  # else a part would tell how far it was moved by what the scale is off
        window = _choose_window(one, same)
        one, other, same = (np.ascontiguousarray(picture[window]) for picture in (one, other, same))
    refined = _fit_ecc(one, other, alignment.matrix, cv2.MOTION_TRANSLATION, steps=4, blur=3, where=same)
    if refined is None or np.abs(refined - alignment.matrix).max() >= FARTHEST:
        return alignment
    return replace(alignment, matrix=refined)


def edge_strength(gray: Floats) -> Floats:
    """float32[H, W]: the length of the gradient, cut where few pixels are stronger."""
    edges = cv2.magnitude(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    return np.minimum(edges, np.float32(np.percentile(edges[::3, ::3], 95)))


def _fit_geometry(original: Floats, edited: Floats) -> Floats:
    """float32[2, 3]; the identity where nothing fits clearly better."""
    height, width = original.shape
    if min(height, width) < SMALLEST:
        return IDENTITY
    edges = edge_strength(original)
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (right, down), _ = cv2.phaseCorrelate(edges, edge_strength(edited), window)
    textured = edges > np.percentile(edges[::3, ::3], 60)
    if not textured.any():
        return IDENTITY

    def is_of_all(matrix: Floats) -> bool:
        """Whether this may have happened to the picture and not to an object in it: also where it is plain."""
        right, down = PairAlignment(matrix).shift(height, width)
        if max(abs(right), abs(down)) > NEAR * max(height, width) and _is_one_place(edges):
            return False
        plain = cv2.dilate(textured.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
        if not plain.any():
            return True
        moved = np.asarray(warp(edited, matrix))
        before, after = (measure_misfit(original[plain], other[plain]) for other in (edited, moved))
        return after <= before + CONTRARY

    def misfit(matrix: Floats) -> float:
        return measure_misfit(original[textured], np.asarray(warp(edited, matrix))[textured])

    best, matrix = measure_misfit(original[textured], edited[textured]), IDENTITY
    if LEAST_SHIFT < max(abs(right), abs(down)) < REACH * max(height, width):
        shifted = np.array([[1, 0, right], [0, 1, down]], np.float32)
        found = misfit(shifted)
        if found < 0.9 * best and is_of_all(shifted):
            best, matrix = found, shifted
    if best <= POOR:
        return matrix
    halves = [cv2.resize(cv2.GaussianBlur(gray, (5, 5), 0), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
              for gray in (original, edited)]  # fmt: skip
    start = matrix * np.array([1, 1, 0.5], np.float32)
    coarse = _fit_scale(halves[0], halves[1], start, steps=25, blur=1, skew=2 * SKEW)
    if coarse is None:
        return matrix
    coarse = coarse * np.array([1, 1, 2], np.float32)
    found = misfit(coarse)
    if found >= 0.8 * best or not is_of_all(coarse):
        return matrix
    fine = _fit_scale(original, edited, coarse, steps=6, blur=5, skew=SKEW)
    return _snap(fine if fine is not None and misfit(fine) < found else coarse, height, width)


def _snap(matrix: Floats, height: int, width: int) -> Floats:
    """A scale that means nothing is none: the shift of the middle is left."""
    fitted = PairAlignment(matrix)
    if abs(fitted.scale - 1) >= SAME_SCALE:
        return matrix
    right, down = fitted.shift(height, width)
    return np.array([[1, 0, right], [0, 1, down]], np.float32)


def _is_one_place(edges: Floats) -> bool:
    """Whether the steep edges float32[H, W] of a picture are those of one thing in it."""
    steep = (edges > STEEP).astype(np.uint8)
    near = cv2.dilate(steep, np.ones((7, 7), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(near)
    if count < 2:
        return True
    shares = np.bincount(labels[steep > 0], minlength=count)
    largest = int(shares.argmax())
    _, _, wide, high, _ = boxes[largest]
    return bool(shares[largest] >= ALONE * shares.sum() and wide * high < COMPACT * edges.size)


def _fit_scale(original: Any, edited: Any, start: Floats, *, steps: int, blur: int, skew: float) -> Floats | None:
    """A shift and a scale by ECC; None where there is no such fit."""
    matrix = _fit_ecc(original, edited, start, cv2.MOTION_AFFINE, steps=steps, blur=blur)
    if matrix is None:
        return None
    (a, b, _), (c, d, _) = matrix.tolist()
    drifted = abs(a - d) < skew and max(abs(b), abs(c)) < skew and abs((a + d) / 2 - 1) < STRETCH
    return matrix if drifted else None


def _choose_window(gray: Any, where: NDArray[np.uint8]) -> tuple[slice, slice]:
    """The rows and columns of the part (WINDOW) of a picture uint8[H, W] that has most edges in either direction."""
    size = [max(1, side // STRIDE) for side in gray.shape[::-1]]
    shown = cv2.resize(where, size, interpolation=cv2.INTER_NEAREST)
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    slopes = (cv2.copyTo(cv2.Sobel(small, cv2.CV_32F, *along), shown) for along in ((1, 0), (0, 1)))
    sums = [cv2.integral(np.square(slope)) for slope in slopes]
    reach = WINDOW // STRIDE
    top, left = np.ix_(*(range(max(1, side - reach + 1)) for side in small.shape))
    end, right = (np.minimum(start + reach, side) for start, side in zip((top, left), small.shape, strict=True))
    weaker = np.minimum(*(one[end, right] - one[top, right] - one[end, left] + one[top, left] for one in sums))
    row, column = (STRIDE * int(place) for place in np.unravel_index(int(weaker.argmax()), weaker.shape))
    return slice(row, row + WINDOW), slice(column, column + WINDOW)


def _outside(changed: NDArray[np.bool_], height: int, width: int) -> NDArray[np.uint8]:
    """uint8[height, width], not 0: what lies some pixels away from what changed, in either picture's place."""
    there = cv2.resize(changed.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    reach = 2 * round(REACH / 2 * max(height, width)) + 1
    return np.asarray(cv2.dilate(there, np.ones((reach, reach), np.uint8)) == 0, np.uint8)


def _fit_ecc(
    original: Any, edited: Any, start: Floats, motion: int, *, steps: int, blur: int, where: Any = None
) -> Floats | None:
    """float32[2, 3] that aligns gray pictures [H, W]; None where it does not converge."""
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, steps, 1e-4)
    try:
        _, matrix = cv2.findTransformECC(original, edited, start.copy(), motion, criteria, where, blur)
    except cv2.error:
        return None
    return np.asarray(matrix, np.float32)
