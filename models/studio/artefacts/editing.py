"""What careless editing leaves at one place: a seam, colours over a border, a thing cut off; in four steps each."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.types import Floats, Image
from studio.artefacts.coding import to_levels

SEAM = (5.0, 10.0, 18.0, 30.0)
"""Levels by which a patch is lighter or darker than what is around it."""
BLEEDING = ((0.01, 0.6), (0.017, 0.75), (0.026, 0.9), (0.038, 1.0))
"""How far colours reach beyond their border, as a share of the longest side, and how strong they are at it."""
CUT = (0.1, 0.2, 0.33, 0.5)
"""The share of a thing that is cut off."""
COLOURFUL = 20.0
"""Levels of chroma between a thing and what is around it, under which its colours bleed unseen."""


@dataclass(frozen=True, eq=False)
class DamagedSpot:
    """A thing in a picture.

    Attributes:
        mask: bool[H, W]: its pixels; not empty.
        behind: uint8[H, W, 3]: the picture without it.
    """

    mask: NDArray[np.bool_]
    behind: Image

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 around it."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def leave_seam(rng: np.random.Generator, picture: Image, spot: DamagedSpot, step: int) -> Image:
    """A patch around the thing, a rectangle or an ellipse, in another tone."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = spot.box
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    half = [max(0.7 * (end - start), 0.06 * side) for start, end, side in ((x0, x1, width), (y0, y1, height))]
    patch = np.zeros((height, width), np.float32)
    if rng.random() < 0.5:
        (left, top), (right, bottom) = (
            [int(centre + way * reach) for centre, reach in zip(middle, half, strict=True)] for way in (-1, 1)
        )
        patch[max(0, top) : bottom, max(0, left) : right] = 1
    else:
        centre, axes = tuple(map(int, middle)), tuple(map(int, half))
        cv2.ellipse(patch, centre, axes, 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    sign = 1.0 if float(picture[spot.mask].mean()) < 128 else -1.0
    tone = sign * SEAM[step] * rng.uniform(0.8, 1.2, 3)
    return to_levels(picture + patch[..., None] * tone)


def bleed(_: np.random.Generator, picture: Image, spot: DamagedSpot, step: int) -> Image:
    """The thing's colours over its border, while light and shade stay as they are."""
    reach, strength = BLEEDING[step]
    sigma = max(1.0, reach * max(picture.shape[:2]))
    inside = spot.mask.astype(np.float32)
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    share = cv2.GaussianBlur(inside, (0, 0), sigma)
    spread = cv2.GaussianBlur(lab[..., 1:] * inside[..., None], (0, 0), sigma) / np.maximum(share, 1e-4)[..., None]
    weight = (strength * np.minimum(2 * share, 1) * (1 - inside))[..., None]
    lab[..., 1:] += weight * (spread - lab[..., 1:])
    return to_levels(255 * cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def can_bleed(picture: Image, spot: DamagedSpot) -> bool:
    """Whether the thing's colours differ enough from those around it to be seen there."""
    lab: Floats = np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 1:])
    width = max(3, max(picture.shape[:2]) // 40)
    around = (cv2.dilate(spot.mask.astype(np.uint8), np.ones((width, width), np.uint8)) > 0) & ~spot.mask
    if not around.any():
        return False
    return float(np.linalg.norm(lab[spot.mask].mean(axis=0) - lab[around].mean(axis=0))) >= COLOURFUL


def cut_off(rng: np.random.Generator, picture: Image, spot: DamagedSpot, step: int) -> Image:
    """What lies behind the thing instead of a share of it, up to a straight line."""
    along = int(rng.integers(2))
    places = np.sort(np.nonzero(spot.mask)[along])
    beyond = np.arange(spot.mask.shape[along])
    if rng.random() < 0.5:
        gone = beyond < places[int(CUT[step] * len(places))]
    else:
        gone = beyond > places[int((1 - CUT[step]) * len(places)) - 1]
    kept = ~gone[:, None] if along == 0 else ~gone
    return np.where((spot.mask & ~kept)[..., None], spot.behind, picture)
