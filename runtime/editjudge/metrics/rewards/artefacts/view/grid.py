"""Cells and tiles: what is measured of every pixel, by cell; and what of that is told, by tile."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

CELL = 8
"""Pixels of a cell's side: that of the blocks of a JPEG."""
TILES = 8
"""Along the longest side of a picture, so that a tile is as large a share of it whatever its size."""


def average_cells(picture: NDArray[Any], side: int = CELL) -> Floats:
    """float32[H // side, W // side]: the means of an array uint8 or float32[H, W] over cells; the rest is left out."""
    height, width = (length // side for length in picture.shape[:2])
    whole = np.asarray(picture[: height * side, : width * side], np.float32)
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def sum_tiles(cells: NDArray[Any]) -> Floats:
    """float32[h, w]: the sums of cells float32 or bool[H, W] over tiles."""
    height, width = cells.shape[:2]
    side = max(1, round(max(height, width) / TILES))
    rows, columns = (np.arange(0, max(1, length - side // 2), side) for length in (height, width))
    by_row = np.add.reduceat(cells, rows, axis=0, dtype=np.float32)
    return np.asarray(np.add.reduceat(by_row, columns, axis=1), np.float32)


def tile_median(cells: NDArray[Any]) -> Floats:
    """float32[h, w]: the medians of cells float32[H, W] over tiles, those at the lower right end cut off."""
    height, width = cells.shape
    side = max(1, min(round(max(height, width) / TILES), height, width))
    whole = cells[: height // side * side, : width // side * side]
    tiles = whole.reshape(height // side, side, width // side, side).swapaxes(1, 2)
    return np.asarray(np.median(tiles.reshape(height // side, width // side, side * side), axis=2), np.float32)


def spread_tiles(tiles: NDArray[Any], shape: tuple[int, ...]) -> Floats:
    """float32[H, W]: for each cell of that shape, what its tile in float32[h, w] has (`sum_tiles`)."""
    side = max(1, round(max(shape) / TILES))
    rows, columns = (
        np.minimum(np.arange(length) // side, count - 1) for length, count in zip(shape, tiles.shape, strict=True)
    )
    return np.asarray(tiles[rows[:, None], columns], np.float32)
