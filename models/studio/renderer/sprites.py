"""Sprites of the studio's objects: Fluent Emoji 3D, fetched from npm once and kept outside the repository."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.renderer.packages import cache_folder, fetch_npm
from studio.renderer.world import SPRITES

PACKAGE = "@lobehub/fluent-emoji-3d@1.1.0"
SIDE = 160
"""Pixels: more than any object is drawn with, but few enough to keep every painted sprite in memory."""


def sprites_at_hand() -> bool:
    """Whether the sprites are there without a download."""
    return _find_folder().is_dir()


def sprite_folder() -> Path:
    """The folder of `*.webp` sprites: EDITJUDGE_SPRITES, or a cache filled by `npm pack` on first use."""
    folder = _find_folder()
    if not folder.is_dir() and "EDITJUDGE_SPRITES" not in os.environ:
        fetch_npm(PACKAGE, folder.parent)
    return folder


def _find_folder() -> Path:
    if configured := os.environ.get("EDITJUDGE_SPRITES"):
        return Path(configured)
    return cache_folder() / "package" / "assets"


@cache
def sprite(name: str) -> NDArray[np.uint8]:
    """The sprite of an object as uint8[H, W, 4] RGBA, trimmed to what is visible, its longest side SIDE pixels."""
    path = sprite_folder() / f"{SPRITES[name]}.webp"
    bgra = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if bgra is None or bgra.shape[2] != 4:
        raise FileNotFoundError(f"no sprite with transparency at {path}")
    rgba = cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA)
    solid = rgba[..., 3] > 127
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    trimmed = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = SIDE / max(trimmed.shape[:2])
    shrunk = (max(1, round(trimmed.shape[1] * scale)), max(1, round(trimmed.shape[0] * scale)))
    return cv2.resize(trimmed, shrunk, interpolation=cv2.INTER_AREA)
