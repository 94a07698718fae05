"""How an edited picture lies to its original: shift, scale and tone, fitted where the two agree.

Both are looked at in gray and small. A shift comes from phase correlation of their edges, a scale from ECC (OpenCV's
both), a tone from a line per channel, trimmed. What does not make the pictures agree clearly better is not taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.settings import Triple
from editjudge.types import Floats, Image

SIDE = 256
"""Pixels of the longest side that pictures are compared at."""
REACH = 0.04
"""The largest shift that is looked for, as a share of the longest side."""
LEAST_SHIFT = 0.12  # pixels at SIDE; less is what resampling and noise look like
STRETCH = 0.06
"""The largest change of scale that counts as a drift."""
SKEW = 0.012  # how far from a similarity without rotation a fitted transformation may be
AGREEING = 0.7
"""The share of the pixels that are taken to be no part of the edit."""
POOR = 3.0
"""Levels by which pictures may misfit before a scale is looked for."""
GAINS = (0.7, 1.4)

IDENTITY = np.array([[1, 0, 0], [0, 1, 0]], np.float32)


@dataclass(frozen=True)
class PairAlignment:
    """Where the content of an original lies in an edited picture of the same size, and in which tone.

    Attributes:
        matrix: float32[2, 3]: the place in the edited picture, in pixels, of a pixel x, y of the original.
        gain, offset: Per channel, in levels of 0 to 255: edited = gain * original + offset.
    """

    matrix: Floats
    gain: Triple = (1.0, 1.0, 1.0)
    offset: Triple = (0.0, 0.0, 0.0)

    @property
    def scale(self) -> float:
        return float(self.matrix[0, 0] + self.matrix[1, 1]) / 2

    def shift(self, height: int, width: int) -> tuple[float, float]:
        """How far right and down the middle of a picture of this size has moved, in its pixels."""
        middle = np.array([(width - 1) / 2, (height - 1) / 2, 1.0])
        right, down = self.matrix @ middle - middle[:2]
        return float(right), float(down)

    @property
    def is_still(self) -> bool:
        """Whether nothing moved."""
        return bool(np.array_equal(self.matrix, IDENTITY))

    def resized(self, factor: float) -> PairAlignment:
        """The same for pictures larger by a factor."""
        # A pixel's middle lies half a pixel from its corner, in either size.
        linear, place = self.matrix[:, :2], self.matrix[:, 2]
        half = np.array([0.5, 0.5], np.float32)
        moved = factor * (linear @ -half + place + half) - half + linear @ half
        return PairAlignment(np.column_stack([linear, moved]).astype(np.float32), self.gain, self.offset)

    def undo(self, edited: Image) -> Image:
        """The edited picture uint8[H, W, 3] put in the original's place; its border is repeated where there is none."""
        return edited if self.is_still else np.asarray(_warp(edited, self.matrix))

    def covers(self, height: int, width: int, margin: float = 1.0) -> NDArray[np.bool_]:
        """bool[H, W]: which pixels of the original the edited picture shows, `margin` pixels from its border."""
        right, down = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
        (a, b, x), (c, d, y) = self.matrix.tolist()
        across, along = a * right + b * down + x, c * right + d * down + y
        inside = (across >= margin) & (along >= margin)
        return np.asarray(inside & (across <= width - 1 - margin) & (along <= height - 1 - margin))

    def apply_tone(self, picture: NDArray[Any]) -> Floats:
        """float32[H, W, 3], 0 to 255: the picture in the tone of the edited one."""
        tone = picture * np.float32(self.gain) + np.float32(self.offset)
        return np.asarray(np.clip(tone, 0, 255), np.float32)


def shrink(picture: Image, side: int = SIDE) -> Image:
    """A picture uint8[H, W, 3] of at most `side` pixels a side."""
    height, width = picture.shape[:2]
    factor = side / max(height, width)
    if factor >= 1:
        return picture
    size = max(8, round(width * factor)), max(8, round(height * factor))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def fit_alignment(original: Image, edited: Image) -> PairAlignment:
    """The alignment of two pictures uint8[H, W, 3] of one size, which are best small (`shrink`)."""
    grays = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (original, edited)]
    geometry = PairAlignment(_fit_geometry(*grays))
    gain, offset = _fit_tone(original, geometry.undo(edited))
    return replace(geometry, gain=gain, offset=offset)


def edge_strength(gray: Floats) -> Floats:
    """float32[H, W]: the length of the gradient, cut where few pixels are stronger."""
    edges = cv2.magnitude(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    return np.minimum(edges, np.float32(np.percentile(edges[::3, ::3], 95)))


def _fit_geometry(original: Floats, edited: Floats) -> Floats:
    """float32[2, 3]; the identity where nothing fits clearly better."""
    height, width = original.shape
    edges = edge_strength(original)
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (right, down), _ = cv2.phaseCorrelate(edges, edge_strength(edited), window)
    textured = edges > np.percentile(edges[::3, ::3], 60)
    if not textured.any():
        return IDENTITY

    def misfit(matrix: Floats) -> float:
        return _misfit(original[textured], np.asarray(_warp(edited, matrix))[textured])

    best, matrix = _misfit(original[textured], edited[textured]), IDENTITY
    if LEAST_SHIFT < max(abs(right), abs(down)) < REACH * max(height, width):
        shifted = np.array([[1, 0, right], [0, 1, down]], np.float32)
        found = misfit(shifted)
        if found < 0.9 * best:
            best, matrix = found, shifted
    if best <= POOR:
        return matrix
    halves = [cv2.resize(cv2.GaussianBlur(gray, (5, 5), 0), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
              for gray in (original, edited)]  # fmt: skip
    start = matrix * np.float32([1, 1, 0.5])
    coarse = _fit_scale(halves[0], halves[1], start, steps=25, blur=1)
    if coarse is None:
        return matrix
    coarse = coarse * np.float32([1, 1, 2])
    found = misfit(coarse)
    if found >= 0.8 * best:
        return matrix
    fine = _fit_scale(original, edited, coarse, steps=6, blur=5)
    return fine if fine is not None and misfit(fine) < found else coarse


def _fit_scale(original: Any, edited: Any, start: Floats, steps: int, blur: int) -> Floats | None:
    """A shift and a scale by ECC; None where there is no such fit."""
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, steps, 1e-4)
    try:
        _, matrix = cv2.findTransformECC(original, edited, start.copy(), cv2.MOTION_AFFINE, criteria, None, blur)
    except cv2.error:  # it does not converge
        return None
    (a, b, _), (c, d, _) = matrix.tolist()
    drifted = abs(a - d) < SKEW and max(abs(b), abs(c)) < SKEW and abs((a + d) / 2 - 1) < STRETCH
    return np.asarray(matrix, np.float32) if drifted else None


def _misfit(one: Floats, other: Floats) -> float:
    """Mean difference of values float32[N], each counted up to 30, from a line through those that agree best."""
    gap = np.abs(other - one - np.median(other - one))
    agree = gap <= np.quantile(gap, AGREEING)
    middle = one[agree].mean()
    centred = one[agree] - middle
    slope = float(np.dot(centred, other[agree]) / max(float(np.dot(centred, centred)), 1.0))
    line = np.clip(slope, *GAINS) * (one - middle) + other[agree].mean()
    return float(np.minimum(np.abs(line - other), 30.0).mean())


def _fit_tone(original: Image, edited: Image) -> tuple[Triple, Triple]:
    """Gain and offset per channel by least squares, without the pixels that a first fit leaves far apart."""
    one, other = (picture[::2, ::2].reshape(-1, 3).astype(np.float32) for picture in (original, edited))
    inside = ((other > 1) & (other < 254)).all(axis=1)  # what is clipped follows no line
    if inside.mean() > 0.3:
        one, other = one[inside], other[inside]
    gain, offset = np.ones(3), np.zeros(3)
    for _ in range(3):
        mean, mean_other = one.mean(axis=0), other.mean(axis=0)
        centred = one - mean
        spread = np.einsum("ij,ij->j", centred, centred) / len(one)
        shared = np.einsum("ij,ij->j", centred, other - mean_other) / len(one)
        gain = np.clip(np.where(spread > 4, shared / np.maximum(spread, 1.0), 1.0), *GAINS)
        offset = mean_other - gain * mean
        gap = np.abs(one * gain + offset - other).max(axis=1)
        agree = gap <= max(3.0, 2.5 * float(np.median(gap)))
        if agree.all() or agree.mean() < 0.3:
            break
        one, other = one[agree], other[agree]
    red, green, blue = gain.tolist()
    return (red, green, blue), (float(offset[0]), float(offset[1]), float(offset[2]))


def _warp(picture: Any, matrix: Floats) -> Any:
    """Samples a picture where the matrix puts each pixel."""
    size = picture.shape[1], picture.shape[0]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
