"""Parts of photographs: of one colour and texture, as trees or skies are, or of any outline."""

from __future__ import annotations

import cv2
import numpy as np
from skimage.segmentation import felzenszwalb

from editjudge.types import Floats, Image
from photographs.compose import blend
from studio.differences.pair import Mask

SIDE = 128
"""Pixels of the longest side that photographs are divided at."""
LEAST, MOST = 0.006, 0.5
"""The share of the picture that a part takes."""
FILLED, FILLED_WHOLE = 0.2, 0.4
"""Of its box: what a part fills at least, and what an object does."""
ALIKE = 18.0
"""Levels by which what a hole is filled with may differ from what is there at its rim."""


def draw_outline(rng: np.random.Generator, size: tuple[int, int], low: float = 0.06, high: float = 0.6) -> Floats:
    """float32[H, W], 1 inside a wavy outline, a box or an ellipse, with a soft edge.

    Args:
        rng: What decides.
        size: Height and width of the picture.
        low, high: Bounds of the longest side, as shares of the picture's mean one.
    """
    height, width = size
    reach = float(np.exp(rng.uniform(np.log(low), np.log(high)))) * (height + width) / 4
    shape = np.array([reach, reach * rng.uniform(0.5, 1.0)])[:: int(rng.choice([1, -1]))]
    shape = np.minimum(shape, [0.49 * width, 0.49 * height])
    middle = rng.uniform(shape, np.array([width, height]) - shape)
    mask = np.zeros(size, np.uint8)
    if rng.random() < 0.2:
        low_corner, high_corner = (middle - shape).astype(int), (middle + shape).astype(int)
        cv2.rectangle(mask, low_corner.tolist(), high_corner.tolist(), 255, -1)
    else:
        angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        waves = sum(
            rng.normal(0, 0.12) * np.cos(turns * angles + rng.uniform(0, 2 * np.pi)) for turns in range(2, 6)
        ) * (rng.random() < 0.75)
        points = middle + np.stack([np.cos(angles), np.sin(angles)], 1) * shape * (1 + np.atleast_2d(waves).T)
        cv2.fillPoly(mask, [points.astype(np.int32)], 255)
    return soften(rng, mask > 0)


def soften(rng: np.random.Generator, mask: Mask) -> Floats:
    """float32[H, W], 0 to 1: the mask with an edge that is soft by 0.4 to 2.5 pixels."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), float(rng.uniform(0.4, 2.5)))
    return np.where(soft < 0.02, 0, soft).astype(np.float32)


def find_parts(rng: np.random.Generator, picture: Image, whole: bool = False) -> list[Mask]:
    """bool[H, W] each: the parts that a photograph uint8[H, W, 3] divides into.

    Args:
        rng: What decides how finely.
        picture: The photograph.
        whole: Only those that do not touch the border and fill their box well, as objects do.
    """
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    small = cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    labels = felzenszwalb(small, scale=float(rng.uniform(120, 500)), sigma=0.8, min_size=int(LEAST * small.size / 3))
    parts = []
    for label in range(int(labels.max()) + 1):
        part = labels == label
        if LEAST <= part.mean() <= MOST and _fills_box(part, whole):
            grown = cv2.resize(part.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
            parts.append(np.asarray(grown > 0.5))
    return parts


def _fills_box(part: Mask, whole: bool) -> bool:
    if whole and (part[0].any() or part[-1].any() or part[:, 0].any() or part[:, -1].any()):
        return False
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    return bool(part.sum() >= (FILLED_WHOLE if whole else FILLED) * box)


def fill_hole(rng: np.random.Generator, picture: Image, hole: Mask, taken: Mask) -> Image:
    """The picture uint8[H, W, 3] as if nothing had been in the hole bool[H, W]: inpainted, or copied from elsewhere.

    Nothing is copied from where it is taken: an object would be there twice.
    """
    grown = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 4)))
    way = rng.random()
    if way < 0.45:
        filled = _copy_from_elsewhere(rng, picture, grown > 0, taken)
        if filled is not None:
            return filled
    method = cv2.INPAINT_TELEA if way < 0.75 else cv2.INPAINT_NS
    filled = np.asarray(cv2.inpaint(picture, grown, 4, method), np.uint8)
    grain = rng.normal(0, rng.uniform(0, 5), picture.shape[:2])[..., None] * (grown[..., None] > 0)
    return np.asarray(np.clip(filled + grain + 0.5, 0, 255), np.uint8)


def _copy_from_elsewhere(rng: np.random.Generator, picture: Image, hole: Mask, taken: Mask) -> Image | None:
    """The hole filled with what lies as far off as it is large, where that is most alike at the hole's rim."""
    height, width = hole.shape
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    reach = np.array([rows[-1] - rows[0], columns[-1] - columns[0]]) + 4
    rim = (cv2.dilate(hole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~hole
    best: tuple[float, Image] | None = None
    for _ in range(12):
        down, across = (int(rng.integers(-2 * span, 2 * span + 1)) for span in reach)
        inside = rows[0] + down >= 0 and rows[-1] + down < height and columns[0] + across >= 0
        if not inside or columns[-1] + across >= width or (abs(down) < reach[0] and abs(across) < reach[1]):
            continue
        if (np.roll(taken, (-down, -across), (0, 1)) & hole).any():
            continue
        moved = np.roll(picture, (-down, -across), (0, 1))
        gap = float(np.abs(moved[rim].astype(np.float32) - picture[rim]).mean()) if rim.any() else 0.0
        if gap < ALIKE and (best is None or gap < best[0]):
            best = gap, moved
    if best is None:
        return None
    return blend(picture, best[1], soften(rng, hole))
