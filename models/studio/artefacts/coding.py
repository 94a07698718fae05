"""What coding and filtering leave on all of a picture: noise, blur, blocks, bands and halos, in four steps each."""

from __future__ import annotations

import cv2
import numpy as np

from editjudge.types import Floats, Image

NOISE = (4.0, 9.0, 18.0, 32.0)
"""Standard deviations, in levels."""
BLUR = (0.0018, 0.0035, 0.0062, 0.0107)
"""Standard deviations, as shares of the longest side."""
MOTION = (0.008, 0.016, 0.027, 0.047)
"""Lengths of the path, as shares of the longest side."""
BLOCKING = (30, 18, 10, 5)
"""Qualities of a JPEG."""
BANDING = (5, 9, 15, 24)
"""Levels from one band to the next."""
HALO = (0.8, 1.6, 3.0, 5.0)
"""How much of the detail is added once more."""
RIPPLE = (2.0, 4.0, 7.0, 11.0)
"""How much of the ripples is added that a sharp end of the frequencies leaves beside edges."""
END = 0.35
"""Where that end is, as a share of the highest frequency that there is."""
SMOOTH = 5.0
"""Levels of standard deviation within a few pixels up to which a place has bands instead of shades."""


def add_noise(rng: np.random.Generator, picture: Image, step: int) -> Image:
    """Grain of every pixel, of its own in each channel or the same in all of them."""
    channels = 3 if rng.random() < 0.5 else 1
    grain = rng.standard_normal((*picture.shape[:2], channels), dtype=np.float32)
    return to_levels(picture + NOISE[step] * grain)


def blur(rng: np.random.Generator, picture: Image, step: int) -> Image:
    """Out of focus, or moved while it was taken."""
    longest = max(picture.shape[:2])
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), max(0.4, BLUR[step] * longest)), np.uint8)
    length = max(2.0, MOTION[step] * longest)
    side = 2 * int(np.ceil(length / 2)) + 1
    path = np.zeros((side, side), np.float32)
    angle = rng.uniform(0, np.pi)
    ahead = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    start, end = (tuple(map(int, np.rint(16 * (side // 2 + way * ahead)))) for way in (-1, 1))
    cv2.line(path, start, end, 1.0, 1, cv2.LINE_AA, 4)
    return np.asarray(cv2.filter2D(picture, -1, path / path.sum()), np.uint8)


def compress(_: np.random.Generator, picture: Image, step: int) -> Image:
    """As a JPEG of low quality."""
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, BLOCKING[step]])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1], np.uint8)


def band(rng: np.random.Generator, picture: Image, step: int) -> Image:
    """Fewer levels where the picture is smooth: a staircase instead of a shade."""
    width, offset = BANDING[step], rng.uniform(0, 1)
    levels = picture.astype(np.float32)
    soft = cv2.GaussianBlur(levels, (0, 0), 2.0)
    spread = np.sqrt(np.maximum(cv2.blur(np.square(levels), (9, 9)) - np.square(cv2.blur(levels, (9, 9))), 0))
    smooth = 1 / (1 + (spread.max(axis=2, keepdims=True) / SMOOTH) ** 4)
    stairs = (np.floor(soft / width + offset) - offset + 0.5) * width
    return to_levels(levels + smooth * (stairs - levels))


def ring(rng: np.random.Generator, picture: Image, step: int) -> Image:
    """Halos of sharpening, or the ripples of a filter that ends sharply."""
    levels = picture.astype(np.float32)
    if rng.random() < 0.5:
        soft = cv2.GaussianBlur(levels, (0, 0), 1.6)
        return to_levels(levels + HALO[step] * (levels - soft))
    padded = cv2.copyMakeBorder(levels, 32, 32, 32, 32, cv2.BORDER_REFLECT_101)
    frequency = np.hypot(np.fft.fftfreq(padded.shape[0])[:, None], np.fft.rfftfreq(padded.shape[1])) / (END / 2)
    ripples = (frequency <= 1) - np.exp(-np.log(2) * frequency**2)  # less the blur that a gentle end would leave
    spectrum = np.fft.rfft2(padded, axes=(0, 1)) * ripples[..., None]
    added = np.fft.irfft2(spectrum, padded.shape[:2], axes=(0, 1))[32:-32, 32:-32]
    return to_levels(levels + RIPPLE[step] * added)


def to_levels(picture: np.ndarray | Floats) -> Image:
    """uint8[H, W, 3]: the nearest levels."""
    return np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8)
