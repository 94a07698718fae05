"""What happens to a picture that is no edit of it: coding, resampling, shifts, crops, tones, grain, drift, stamps."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from editjudge.types import Floats, Image
from studio.edits.damage import Flaw, inflict

Nuisance = Callable[[np.random.Generator, Image], Image]
FILTERS = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4, cv2.INTER_AREA)
STAMP = 0.16
"""Of a side: the most that a stamp takes along it."""


def _levels(picture: NDArray[np.floating]) -> Image:
    return np.asarray(np.clip(picture + 0.5, 0, 255), np.uint8)


def _encode(rng: np.random.Generator, picture: Image) -> Image:
    content = io.BytesIO()
    form = "JPEG" if rng.random() < 0.7 else "WEBP"
    PIL.Image.fromarray(picture).save(content, form, quality=int(rng.integers(40, 96)))
    return np.asarray(PIL.Image.open(content).convert("RGB"))


def _resample(rng: np.random.Generator, picture: Image) -> Image:
    height, width = picture.shape[:2]
    scale = rng.uniform(0.5, 0.9)
    down = FILTERS[int(rng.integers(1, len(FILTERS)))]
    small = cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=down)
    up = FILTERS[int(rng.integers(1, 4))]
    return np.asarray(cv2.resize(small, (width, height), interpolation=up), np.uint8)


def _shift(rng: np.random.Generator, picture: Image) -> Image:
    whole = rng.random() < 0.5
    across, down = rng.integers(-3, 4, 2) if whole else rng.uniform(-3, 3, 2)
    matrix = np.array([[1, 0, across], [0, 1, down]], np.float32)
    size = picture.shape[1], picture.shape[0]
    return np.asarray(cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _crop(rng: np.random.Generator, picture: Image) -> Image:
    """1 to 3 % less along each side, around about the middle."""
    height, width = picture.shape[:2]
    share = rng.uniform(0.01, 0.03)
    left, top = rng.uniform(0.3, 0.7, 2) * share * (width, height)
    matrix = np.array([[1 / (1 - share), 0, -left / (1 - share)], [0, 1 / (1 - share), -top / (1 - share)]], np.float32)
    return np.asarray(
        cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _bend(rng: np.random.Generator, picture: Image) -> Image:
    """Another gamma."""
    return _levels(255 * (picture / np.float32(255)) ** np.float32(np.exp(rng.uniform(-0.16, 0.16))))


def _light(rng: np.random.Generator, picture: Image) -> Image:
    return _levels(picture.astype(np.float32) * np.float32(rng.uniform(0.9, 1.1)))


def _warm(rng: np.random.Generator, picture: Image) -> Image:
    warmth = rng.uniform(-0.06, 0.06)
    return _levels(picture.astype(np.float32) * np.array([1 + warmth, 1, 1 - warmth], np.float32))


def _contrast(rng: np.random.Generator, picture: Image) -> Image:
    mean, factor = float(picture.mean()), float(rng.uniform(0.88, 1.15))
    return _levels(mean + (picture.astype(np.float32) - mean) * factor)


def _saturate(rng: np.random.Generator, picture: Image) -> Image:
    gray = picture.mean(axis=2, keepdims=True, dtype=np.float32)
    return _levels(gray + (picture - gray) * np.float32(rng.uniform(0.85, 1.18)))


def _sharpen(rng: np.random.Generator, picture: Image) -> Image:
    soft = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.7, 1.6))).astype(np.float32)
    return _levels(picture + np.float32(rng.uniform(0.2, 0.9)) * (picture - soft))


def _soften(rng: np.random.Generator, picture: Image) -> Image:
    """A slight blur, or what denoising leaves."""
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.0))), np.uint8)
    return np.asarray(cv2.bilateralFilter(picture, 5, float(rng.uniform(8, 25)), 3), np.uint8)


def _grain(rng: np.random.Generator, picture: Image) -> Image:
    return inflict(picture, Flaw("grain", int(rng.integers(2**31)), float(np.exp(rng.uniform(0, np.log(9))))))


def draw_field(rng: np.random.Generator, height: int, width: int, cells: int) -> Floats:
    """float32[height, width], smooth, of standard deviation about 1."""
    coarse = rng.standard_normal((cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _autoencode(rng: np.random.Generator, picture: Image) -> Image:
    """As autoencoders do: tones drift smoothly, details get softer, edges ring."""
    height, width = picture.shape[:2]
    soft = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 0.8))).astype(np.float32)
    ringing = soft - cv2.GaussianBlur(soft, (0, 0), float(rng.uniform(1.5, 2.5)))
    amount, cells = float(rng.uniform(1, 4)), int(rng.integers(2, 6))
    tones = np.dstack([draw_field(rng, height, width, cells) for _ in range(3)])
    return _levels(soft + np.float32(rng.uniform(0.05, 0.25)) * ringing + np.clip(amount * tones, -6, 6))


def _stamp(rng: np.random.Generator, picture: Image) -> Image:
    """An editor's mark in a corner: letters or a shape, opaque or not."""
    height, width = picture.shape[:2]
    rows, columns = (max(6, int(side * rng.uniform(0.04, STAMP))) for side in (height, width))
    rows = min(rows, columns)
    mark = np.zeros((rows, columns), np.uint8)
    if rng.random() < 0.5:
        text = "".join(rng.choice(list("AIEDGMopaixer23."), int(rng.integers(2, 7))))
        scale = columns / max(1, cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 1)[0][0])
        cv2.putText(mark, text, (0, rows - rows // 4), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1, cv2.LINE_AA)
    elif rng.random() < 0.5:
        cv2.ellipse(mark, (columns // 2, rows // 2), (columns // 3, rows // 3), 0, 0, 360, 255, -1, cv2.LINE_AA)
    else:
        mark[:] = 255
    margin = int(rng.integers(1, max(2, min(height, width) // 30)))
    top = margin if rng.random() < 0.3 else height - rows - margin
    left = margin if rng.random() < 0.3 else width - columns - margin
    stamped = picture.astype(np.float32)
    spot = stamped[top : top + rows, left : left + columns]
    ink = np.array([[255, 255, 255], [0, 0, 0], rng.integers(0, 256, 3)], np.float32)[rng.integers(3)]
    share = (mark / np.float32(255) * np.float32(rng.uniform(0.35, 1.0)))[..., None]
    spot[:] = spot * (1 - share) + ink * share
    return _levels(stamped)


NUISANCES: dict[str, Nuisance] = {
    "coding": _encode, "resampling": _resample, "shift": _shift, "crop": _crop, "gamma": _bend, "light": _light,
    "warmth": _warm, "contrast": _contrast, "saturation": _saturate, "sharpening": _sharpen, "softening": _soften,
    "grain": _grain, "autoencoder": _autoencode, "stamp": _stamp,
}  # fmt: skip
RELATIVE = (0.16, 0.08, 0.08, 0.08, 0.06, 0.06, 0.06, 0.06, 0.04, 0.06, 0.05, 0.07, 0.1, 0.04)
"""How often each of them comes."""


def draw_nuisances(rng: np.random.Generator, most: int = 3) -> tuple[str, ...]:
    """The names of one to `most` of them, in the order in which they come: what is encoded is encoded last."""
    count = int(rng.integers(1, most + 1))
    drawn = rng.choice(list(NUISANCES), count, replace=False, p=np.array(RELATIVE) / sum(RELATIVE))
    return tuple(sorted(map(str, drawn), key="coding".__eq__))


def inflict_nuisances(rng: np.random.Generator, picture: Image, most: int = 3) -> Image:
    """The picture uint8[H, W, 3] after one to `most` of them."""
    for name in draw_nuisances(rng, most):
        picture = NUISANCES[name](rng, picture)
    return picture
