"""Colours, textures and styles, as functions on pictures."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]


def _luminance(rgb: NDArray[np.uint8]) -> Pixels:
    return (rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)) / 255.0


def recolour(rgb: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Paints uint8[H, W, 3] in one colour, and keeps its light and shade."""
    light = _luminance(rgb)
    spread = max(float(light.std()), 0.05)
    shade = np.clip(0.5 + (light - float(light.mean())) / spread * 0.22, 0.0, 1.0)[..., None]
    tint = np.array(colour, dtype=np.float32)
    dark, bright = tint * 0.35, tint + (255.0 - tint) * 0.45
    low = dark + (tint - dark) * np.minimum(shade * 2.0, 1.0)
    return np.clip(low + (bright - low) * np.maximum(shade * 2.0 - 1.0, 0.0), 0, 255).astype(np.uint8)


def texture(rgb: NDArray[np.uint8], pattern: str) -> NDArray[np.uint8]:
    """Covers uint8[H, W, 3] with a pattern, and keeps its light and shade."""
    height, width = rgb.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(height, width)
    if pattern == "golden":
        return recolour(rgb, (226, 172, 44))
    if pattern == "striped":
        share = (np.sin((x + y) * 40.0) > 0).astype(np.float32)
        inks = (245, 245, 245), (30, 50, 110)
    elif pattern == "checkered":
        share = ((np.floor(x * 8) + np.floor(y * 8)) % 2).astype(np.float32)
        inks = (240, 240, 240), (40, 40, 40)
    elif pattern == "dotted":
        share = (np.hypot((x * 7) % 1 - 0.5, (y * 7) % 1 - 0.5) < 0.28).astype(np.float32)
        inks = (250, 250, 250), (215, 40, 90)
    elif pattern == "wooden":
        share = 0.5 + 0.5 * np.sin(y * 70.0 + 3.0 * np.sin(x * 9.0) + 2.0 * np.sin(x * 23.0 + y * 5.0))
        inks = (176, 122, 66), (110, 66, 30)
    elif pattern == "marble":
        share = np.abs(np.sin((x - y) * 9.0 + 2.5 * np.sin(y * 11.0) + 1.5 * np.sin(x * 17.0))) ** 0.4
        inks = (130, 135, 145), (240, 240, 238)
    else:
        raise ValueError(f"no texture named {pattern!r}")
    first, second = (np.array(ink, dtype=np.float32) for ink in inks)
    light = _luminance(rgb)
    shade = np.clip(0.82 + (light - float(light.mean())) * 0.7, 0.35, 1.1)[..., None]
    return np.clip((first + (second - first) * share[..., None]) * shade, 0, 255).astype(np.uint8)


def restyle(picture: Pixels, style: str) -> Pixels:
    """Renders a whole picture, float32[H, W, 3] from 0 to 1, in a style."""
    gray = picture @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    if style == "gray":
        return np.repeat(gray[..., None], 3, axis=2)
    if style == "sepia":
        return np.clip(gray[..., None] * np.array([1.08, 0.86, 0.62], dtype=np.float32), 0, 1)
    if style == "night":
        return np.clip(picture**1.3 * np.array([0.28, 0.34, 0.62], dtype=np.float32), 0, 1)
    if style == "sunset":
        return np.clip(picture * np.array([1.1, 0.66, 0.46], dtype=np.float32) + np.float32([0.12, 0.03, 0.0]), 0, 1)
    if style == "pixel":
        side = picture.shape[0]
        small = cv2.resize(picture, (24, 24), interpolation=cv2.INTER_AREA)
        return cv2.resize(np.round(small * 6) / 6, (side, side), interpolation=cv2.INTER_NEAREST)
    if style == "negative":
        return 1.0 - picture
    raise ValueError(f"no style named {style!r}")
