"""What goes wrong with pixels: compression, grain, drifts, overdone colours, blurred, blackened or tinted patches."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from editjudge.types import Image
from studio.edits.drifts import DRIFTS

PATCHES = ("blur", "blacken", "tint")


@dataclass(frozen=True)
class Flaw:
    """One flaw.

    Attributes:
        kind: jpeg, grain, overdone, one of PATCHES, or one of DRIFTS.
        seed: Of what is random in it.
        strength: The quality of a JPEG, the standard deviation of grain in grey levels, or the factor by which
            contrast and colours are overdone.
        x, y: The centre of a patch, as shares of the canvas.
        side: The side of that square, as a share of the canvas.
    """

    kind: str
    seed: int = 0
    strength: float = 0.0
    x: float = 0.5
    y: float = 0.5
    side: float = 0.0


def inflict(image: Image, flaw: Flaw) -> Image:
    """The uint8[H, W, 3] picture with the flaw; the same for the same flaw."""
    if flaw.kind in DRIFTS:
        return DRIFTS[flaw.kind](image)
    if flaw.kind == "overdone":
        return _overdo(image, flaw.strength)
    if flaw.kind == "jpeg":
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(flaw.strength)])
        return cv2.imdecode(data, cv2.IMREAD_COLOR)
    if flaw.kind == "grain":
        grain = np.random.default_rng(flaw.seed).standard_normal(image.shape, dtype=np.float32) * flaw.strength
        return np.clip(image + grain + 0.5, 0, 255).astype(np.uint8)
    height, width = image.shape[:2]
    half = flaw.side / 2
    rows = slice(max(0, round((flaw.y - half) * height)), round((flaw.y + half) * height))
    columns = slice(max(0, round((flaw.x - half) * width)), round((flaw.x + half) * width))
    patch, flawed = image[rows, columns], image.copy()
    if flaw.kind == "blur":
        flawed[rows, columns] = cv2.GaussianBlur(patch, (0, 0), flaw.side * width / 5)
    elif flaw.kind == "blacken":
        flawed[rows, columns] = patch // 8
    elif flaw.kind == "tint":
        shift = np.random.default_rng(flaw.seed).permutation(np.float32([75, -75, 15]))
        flawed[rows, columns] = np.clip(patch + shift, 0, 255).astype(np.uint8)
    else:
        raise ValueError(f"no flaw of the kind {flaw.kind!r}")
    return flawed


def _overdo(image: Image, factor: float) -> Image:
    """Contrast about the mean, and every pixel's distance from gray, times the factor; what goes beyond is clipped."""
    gray = image.mean(axis=2, keepdims=True, dtype=np.float32)
    strong = gray.mean() + factor * (gray - gray.mean()) + factor * (image - gray)
    return np.asarray(np.clip(strong + 0.5, 0, 255), np.uint8)


def overdone(rng: np.random.Generator) -> Flaw:
    """Contrast and colours so strong that much of the picture is clipped."""
    return Flaw("overdone", strength=float(rng.uniform(2.5, 4)))


def slight(rng: np.random.Generator) -> Flaw:
    """What an editing model does to every pixel: compression, or grain of 1 to 3 grey levels."""
    if rng.random() < 0.5:
        return Flaw("jpeg", strength=float(rng.integers(82, 97)))
    return Flaw("grain", int(rng.integers(2**31)), float(rng.uniform(1, 3)))
