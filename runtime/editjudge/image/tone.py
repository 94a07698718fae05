"""How the tone of one picture became that of another: a line per channel, fitted where the two agree."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from editjudge.types import Floats, Image, Triple

GAINS = (0.7, 1.4)
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


def _fit_line(one: Floats, other: Floats, limits: ToneLimits) -> tuple[float, float]:
    """Gain and offset of float32[N] values of a channel."""
    inside = (other > 1) & (other < 254)  # what is clipped follows no line
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
