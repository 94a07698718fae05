"""What is done to photographs by hand: colours, patches of sky, cut-outs, night; pictures are uint8[H, W, 3] RGB."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from editjudge.types import Floats, Image

Spot = tuple[float, float]
"""x, y in pixels."""
SKY_MARGIN = 6
"""Columns beside a hole in the sky that it is filled from."""
SKY_GRAIN = 1.5
"""The standard deviation of its grain, in levels."""
GAMMA = 2.2
"""Of the levels: to this power they are proportional to light."""
FULL_MOON = 0.16
"""How much of the day's light a night seems to have on which much is seen."""
STARS = 1400


@dataclass(frozen=True)
class Cutout:
    """An object of a photograph uint8[H, W, 3], by its mask float32[H, W], 0 to 1."""

    photograph: Image
    mask: Floats


def recolour(photograph: Image, mask: Floats, hue: int) -> Image:
    """An object in another hue (of OpenCV, 0 to 179), its shades kept."""
    hsv = cv2.cvtColor(photograph, cv2.COLOR_RGB2HSV)
    old = ((hsv[..., 0].astype(np.int16) + 90) % 180 - 90).astype(np.float32)
    middle = float(np.median(old[mask > 0.5]))
    shaded = hsv.astype(np.float32)
    shaded[..., 0] = (hue + 0.5 * np.clip(old - middle, -20, 20)) % 180
    painted = cv2.cvtColor(np.asarray(np.rint(shaded), np.uint8), cv2.COLOR_HSV2RGB)
    return blend(photograph, painted, mask)


def blend(below: Image, above: Image, mask: Floats) -> Image:
    """`above` where the mask is 1, `below` where it is 0."""
    share = mask[..., None]
    return np.asarray(np.rint(below * (1 - share) + above * share), np.uint8)


def fill_sky(photograph: Image, hole: Floats, beyond: int = 0) -> Image:
    """Each row of a hole runs from the sky on its left to that on its right, `beyond` so many columns, with grain."""
    filled = photograph.astype(np.float32)
    for row in np.flatnonzero(hole.any(axis=1)):
        columns = np.flatnonzero(hole[row] > 0)
        first, last = int(columns[0]), int(columns[-1])
        rows = slice(max(0, row - 2), row + 3)
        left = np.median(photograph[rows, max(0, first - SKY_MARGIN) : first], axis=(0, 1))
        start = last + 1 + beyond
        right = np.median(photograph[rows, start : start + SKY_MARGIN], axis=(0, 1))
        share = np.linspace(0, 1, last - first + 1)[:, None]
        filled[row, first : last + 1] = left * (1 - share) + right * share
    noise = np.random.default_rng(1).normal(0, SKY_GRAIN, (*photograph.shape[:2], 1))
    return blend(photograph, np.asarray(np.clip(filled + noise + 0.5, 0, 255), np.uint8), hole)


def place(picture: Image, cutout: Cutout, scale: float, fixed: Spot, at: Spot) -> Image:
    """The picture with an object, scaled; a `fixed` spot of its photograph comes to lie `at` a spot of the picture."""
    photograph, mask = cutout.photograph, cutout.mask
    matrix = np.array([[scale, 0, at[0] - scale * fixed[0]], [0, scale, at[1] - scale * fixed[1]]], np.float32)
    size = picture.shape[1], picture.shape[0]
    if scale < 1:  # else hairs and edges would alias
        photograph, mask = (np.asarray(cv2.GaussianBlur(one, (0, 0), 0.4 / scale)) for one in (photograph, mask))
    moved = cv2.warpAffine(photograph, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return blend(picture, moved, np.clip(cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_LINEAR), 0, 1))


def cast_shadow(picture: Image, centre: Spot, reach: Spot, depth: float) -> Image:
    """A soft shadow on the ground: an ellipse that is darker by a share `depth`."""
    shade = np.zeros(picture.shape[:2], np.float32)
    axes = (round(reach[0]), round(reach[1]))
    cv2.ellipse(shade, (round(centre[0]), round(centre[1])), axes, 0, 0, 360, 1.0, -1)
    shade = cv2.GaussianBlur(shade, (0, 0), max(1.0, reach[1] / 2))[..., None]
    return np.asarray(np.rint(picture * (1 - depth * shade)), np.uint8)


def make_night(photograph: Image, sky: Floats, light: float) -> Image:
    """Dark and blue, with stars in the sky; `light` is how much of the day's is left on the ground."""
    linear = (photograph / 255.0) ** GAMMA
    gray = linear.mean(axis=2, keepdims=True)
    moonlit = (0.35 * linear + 0.65 * gray) * np.array([0.5, 0.75, 1.35]) * light
    glow = np.array([0.012, 0.022, 0.06]) * np.linspace(1.6, 0.4, len(sky))[:, None, None] * light / FULL_MOON
    heaven = 0.22 * moonlit + glow + _draw_stars(sky.shape) * min(1.0, light / FULL_MOON)
    shares = sky[..., None]
    levels = 255 * np.clip(moonlit * (1 - shares) + heaven * shares, 0, 1) ** (1 / GAMMA)
    return np.asarray(np.rint(levels), np.uint8)


def _draw_stars(shape: tuple[int, ...]) -> Floats:
    """float32[H, W, 1]: points of light, many weak ones and few strong ones; linear, 0 to 1."""
    rng = np.random.default_rng(4)
    points = np.zeros(shape, np.float32)
    rows, columns = (rng.integers(side, size=STARS) for side in shape)
    points[rows, columns] = np.minimum(0.2 * rng.pareto(1.6, STARS), 6.0)
    return np.asarray(np.minimum(cv2.GaussianBlur(points, (0, 0), 0.7), 1.0)[..., None], np.float32)


def warm(photograph: Image, sky: Floats) -> Image:
    """In the light of an evening: an orange sky, and long warm light on the ground."""
    linear = (photograph / 255.0) ** GAMMA
    ground = linear * np.array([1.15, 0.72, 0.42])
    heights = np.linspace(0, 1, len(sky))[:, None, None]
    glow = np.array([0.75, 0.30, 0.16]) * heights + np.array([0.35, 0.22, 0.30]) * (1 - heights)
    shares = sky[..., None]
    levels = 255 * np.clip(ground * (1 - shares) + (0.45 * ground + 0.8 * glow) * shares, 0, 1) ** (1 / GAMMA)
    return np.asarray(np.rint(levels), np.uint8)


def blur(photograph: Image, mask: Floats, sigma: float) -> Image:
    """Out of focus where the mask is 1."""
    return blend(photograph, np.asarray(cv2.GaussianBlur(photograph, (0, 0), sigma), np.uint8), mask)


def add_noise(photograph: Image, sigma: float) -> Image:
    """With noise of a standard deviation in levels, its grains two pixels wide, as of a picture that was scaled up."""
    height, width = photograph.shape[:2]
    small = np.random.default_rng(5).normal(0, sigma, ((height + 1) // 2, (width + 1) // 2, 3))
    grains = small.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    return np.asarray(np.clip(photograph + grains + 0.5, 0, 255), np.uint8)


def fit(photograph: Image, like: Image) -> Image:
    """The middle of a photograph, at the size of another picture."""
    height, width = like.shape[:2]
    scale = max(height / photograph.shape[0], width / photograph.shape[1])
    size = max(width, round(photograph.shape[1] * scale)), max(height, round(photograph.shape[0] * scale))
    large = cv2.resize(photograph, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    return np.ascontiguousarray(large[top : top + height, left : left + width])
