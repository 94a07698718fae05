"""How the tone of one picture became that of another: a line per channel, fitted where the two agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.types import Floats, Image, Triple
from editjudge.utils.libraries.opencv import cv2

GAINS = (0.7, 1.4)
BANDS = 32
"""Of the 256 levels, between whose medians a curve runs."""
STEPS, HALF = 2, 256
"""Into how many steps a level is divided for a median, and by how many of them a level may change either way."""
CLIPPED = 4.0
"""Levels from black and white: a level that came nearer, as the median of its pixels tells, may have been clipped."""
LEAST_UNCLIPPED = 0.05
"""The share of a channel's pixels that must be neither black nor white for a tone to be fitted to those alone."""


@dataclass(frozen=True)
class ToneLimits:
    """How far a change of tone may go and be drift: the gains of a channel, and how far off it may be in levels."""

    gains: tuple[float, float]
    offset: float


DRIFT = ToneLimits(GAINS, 255.0)
SLIGHT = ToneLimits((0.84, 1.16), 24.0)
"""Where any plain background would have the tone of any other."""
CLEAR, CLEAR_LEVELS = 0.16, 12.0
"""The mean change of a channel, as a share of its mean and in levels, from which it may be what was asked for of the
whole picture: more than a gamma of 0.9 (9.9 levels) or 10 % of light leave."""


def fit_tone(original: Image, edited: Image, limits: ToneLimits) -> tuple[Triple, Triple]:
    """Gain and offset per channel by least squares, without the pixels that a first fit leaves far apart."""
    pictures = (picture[::3, ::3].reshape(-1, 3).T.astype(np.float32) for picture in (original, edited))
    lines = [_fit_line(one, other, limits) for one, other in zip(*pictures, strict=True)]
    (red, green, blue), (more_red, more_green, more_blue) = zip(*lines, strict=True)
    return (red, green, blue), (more_red, more_green, more_blue)


def measure_tone(picture: Image, gain: Triple, offset: Triple) -> list[tuple[float, float]]:
    """For each channel of a picture uint8[H, W, 3], how far a tone moves it on average, and its mean, in levels."""
    levels = np.arange(256, dtype=np.float32)
    measured = []
    for plane, slope, start in zip(cv2.split(picture), gain, offset, strict=True):
        share = np.bincount(plane.ravel(), minlength=256) / plane.size
        moved = np.abs(np.clip(slope * levels + start, 0, 255) - levels)
        measured.append((float(share @ moved), float(share @ levels)))
    return measured


def is_clear_tone(picture: Image, gain: Triple, offset: Triple) -> bool:
    """Whether a tone changes a channel of a picture uint8[H, W, 3] by more than drift does."""
    return any(moved > max(CLEAR_LEVELS, CLEAR * mean) for moved, mean in measure_tone(picture, gain, offset))


def measure_misfit(one: Floats, other: Floats) -> float:
    """How far whole levels float32[N] are from those that they became, beyond what any curve of tone explains: the mean
    difference, each counted up to 30."""
    levels = one.astype(np.uint8)
    gap = other - one
    gap -= _fit_curve(levels, gap)[levels]
    return float(np.minimum(np.abs(gap), 30.0).mean())


def _fit_curve(levels: NDArray[np.uint8], gap: Floats) -> Floats:
    """float32[256]: by how much each level changed, of pixels [N]; straight between the medians of bands of levels.

    Clipping and a gamma bend it as they bend the tone, where a line would misfit by more than a small shift does.
    """
    place = np.clip(np.rint(gap * STEPS), -HALF, HALF - 1).astype(np.intp)
    place += HALF + 2 * HALF * (np.arange(256) * BANDS // 256)[levels]
    counts = np.bincount(place, minlength=BANDS * 2 * HALF).reshape(BANDS, 2 * HALF)
    total = counts.sum(axis=1)
    seen = total > 0
    medians = (2 * counts.cumsum(axis=1) < total[:, None]).sum(axis=1) - HALF
    sums = (np.bincount(levels, minlength=256) * np.arange(256)).reshape(BANDS, -1).sum(axis=1)
    middles = sums[seen] / total[seen]
    return np.asarray(np.interp(np.arange(256), middles, medians[seen] / STEPS), np.float32)


def _fit_line(one: Floats, other: Floats, limits: ToneLimits) -> tuple[float, float]:
    """Gain and offset of float32[N] values of a channel."""
    # What is clipped follows no line. It is told by levels: of those that were clipped, compression and noise take some
    # pixels away from white again, and these alone would bend the line.
    levels = one.astype(np.uint8)
    became = (np.arange(256, dtype=np.float32) + _fit_curve(levels, other - one))[levels]
    inside = (became > CLIPPED) & (became < 255 - CLIPPED)
    if inside.mean() > LEAST_UNCLIPPED:
        one, other = one[inside], other[inside]
    gain, offset = 1.0, 0.0
    for _ in range(3):
        mean, mean_other = float(one.mean()), float(other.mean())
        centred = one - mean
        spread = float(np.dot(centred, centred)) / len(one)
        slope = float(np.dot(centred, other - mean_other)) / len(one) / spread if spread > 4 else 1.0
        gain = min(max(slope, limits.gains[0]), limits.gains[1])
        offset = min(max(mean_other - gain * mean, -limits.offset), limits.offset)
        gap = np.abs(one * gain + offset - other)
        agree = gap <= max(3.0, 2.5 * float(np.median(gap)))
        if agree.all() or agree.mean() < 0.3:
            break
        one, other = one[agree], other[agree]
    return gain, offset
