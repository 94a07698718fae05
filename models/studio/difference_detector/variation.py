"""Samples of training pairs, varied: cut, mirrored, turned, swapped, in other colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.types import Boxes, Image

SIDE, CELLS = 256, 64
"""Pixels and cells of a side of what the network sees."""
ADD, REMOVE = 0, 1
TRANSPOSED = [1, 0, 3, 2]

Kinds = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sample:
    """A pair as the network is to learn it.

    Attributes:
        original, edited: uint8[h, w, 3], at most 256 pixels a side.
        boxes: float32[N, 4] in their pixels.
        kinds: int64[N]: 0 ADD, 1 REMOVE, 2 EDIT.
        mask: uint8[64, 64]: 255 times the share of each cell of the padded square that changed.
    """

    original: Image
    edited: Image
    boxes: Boxes
    kinds: Kinds
    mask: Image


def vary(sample: Sample, rng: np.random.Generator) -> Sample:
    """The same differences, seen otherwise."""
    if rng.random() < 0.6:
        sample = _cut(sample, rng)
    if rng.random() < 0.5:
        sample = _mirror(sample)
    if rng.random() < 0.25:
        sample = _transpose(sample)
    if rng.random() < 0.5:
        kinds = np.where(sample.kinds == ADD, REMOVE, np.where(sample.kinds == REMOVE, ADD, sample.kinds))
        sample = Sample(sample.edited, sample.original, sample.boxes, kinds, sample.mask)
    return _recolour(sample, rng)


def _cut(sample: Sample, rng: np.random.Generator) -> Sample:
    """A part of both pictures that has all of the differences, at the full size again."""
    height, width = sample.original.shape[:2]
    x0, y0, x1, y1 = rng.uniform(0, 0.3, 4) * [width, height, width, height]
    x1, y1 = width - x1, height - y1
    if len(sample.boxes):
        (left, top), (right, bottom) = sample.boxes[:, :2].min(axis=0), sample.boxes[:, 2:].max(axis=0)
        x0, y0, x1, y1 = min(x0, left), min(y0, top), max(x1, right), max(y1, bottom)
    x0, y0 = max(0, int(x0)), max(0, int(y0))
    x1, y1 = min(width, int(np.ceil(x1))), min(height, int(np.ceil(y1)))
    scale = SIDE / max(x1 - x0, y1 - y0)
    size = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    pictures = [
        cv2.resize(picture[y0:y1, x0:x1], size, interpolation=cv2.INTER_LINEAR)
        for picture in (sample.original, sample.edited)
    ]
    factors = np.array([size[0] / (x1 - x0), size[1] / (y1 - y0)] * 2, np.float32)
    boxes = (sample.boxes - np.array([x0, y0, x0, y0], np.float32)) * factors
    mask = cv2.resize(_pixels(sample.mask)[y0:y1, x0:x1], size, interpolation=cv2.INTER_LINEAR)
    return Sample(*pictures, boxes.astype(np.float32), sample.kinds, _cells(mask))


def _mirror(sample: Sample) -> Sample:
    height, width = sample.original.shape[:2]
    boxes = sample.boxes.copy()
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    mask = _cells(_pixels(sample.mask)[:height, :width][:, ::-1])
    return Sample(sample.original[:, ::-1], sample.edited[:, ::-1], boxes, sample.kinds, mask)


def _transpose(sample: Sample) -> Sample:
    original, edited = (picture.transpose(1, 0, 2) for picture in (sample.original, sample.edited))
    return Sample(original, edited, sample.boxes[:, TRANSPOSED], sample.kinds, sample.mask.T)


def _recolour(sample: Sample, rng: np.random.Generator) -> Sample:
    """Other colours for both; now and then a trace of noise on one of them."""
    original, edited = np.ascontiguousarray(sample.original), np.ascontiguousarray(sample.edited)
    if rng.random() < 0.6:
        levels = np.arange(256)[:, None] * rng.uniform(0.75, 1.25) * rng.uniform(0.85, 1.15, 3)
        table = np.clip(levels + rng.uniform(-20, 20), 0, 255).astype(np.uint8)[None]
        original, edited = cv2.LUT(original, table), cv2.LUT(edited, table)
    if rng.random() < 0.2:
        order = rng.permutation(3)
        original, edited = original[..., order], edited[..., order]
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(0.5, 4), (CELLS * 2, CELLS * 2, 3)).astype(np.float32)
        noise = np.tile(noise, (2, 2, 1))[: edited.shape[0], : edited.shape[1]]
        edited = np.clip(edited + noise, 0, 255).astype(np.uint8)
    return Sample(original, edited, sample.boxes, sample.kinds, sample.mask)


def _pixels(mask: Image) -> Image:
    return cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)


def _cells(mask: Image) -> Image:
    """uint8[64, 64] of a mask uint8[h, w] that lies at the top left."""
    square = np.zeros((SIDE, SIDE), np.uint8)
    square[: mask.shape[0], : mask.shape[1]] = mask
    return cv2.resize(square, (CELLS, CELLS), interpolation=cv2.INTER_AREA)


def pad(picture: Image) -> Image:
    """uint8[256, 256, 3], zero to the right and below."""
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    square[: picture.shape[0], : picture.shape[1]] = picture
    return square
