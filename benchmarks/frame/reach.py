"""How small objects reach the models: by the runtime's own frame and the models' own resizing, run on their masks."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import editjudge_models
from benchmarks.frame.small_objects import WIDTH, SmallObject
from editjudge.bundles.settings import DetectorSettings, SegmenterSettings
from editjudge.bundles.toml_schema import read_table
from editjudge.image.transforms import crop_box, fit_frame
from editjudge.metrics.looking.framing import Framing
from editjudge.models import grounding_dino, sam
from editjudge.types import Image

PLAIN = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
"""So that what a model is fed with is 0 to 1."""
CONTRAST = 0.5
"""The share of the contrast of stripes that is to be left of it."""
PERIODS = np.arange(6.0, 40.0, 0.25)
"""Pixels of the photograph."""

ROWS = 240

Feed = Callable[[Image], NDArray[np.float32]]
"""What a model is fed with of a picture in the frame: float32[H, W], 0 to 1."""


def open_feeds(recipe: str) -> Mapping[str, Feed]:
    """How the detector and the segmenter of a recipe of the package are fed."""
    path = Path(str(editjudge_models.recipe_path(recipe)))
    sections = tomllib.loads(path.read_text(encoding="utf-8"))
    detector = replace(read_table(DetectorSettings, sections["detector"], "[detector]"), **PLAIN)
    segmenter = replace(read_table(SegmenterSettings, sections["segmenter"], "[segmenter]"), **PLAIN)
    return {
        "detector": lambda picture: grounding_dino.picture_inputs([picture], detector)["pixel_values"][0, 0],
        "segmenter": lambda picture: sam.picture_inputs([picture], segmenter)["pixel_values"][0, 0],
    }


def measure_extent(covered: NDArray[np.float32]) -> float:
    """Pixels of the longest side of an object, by how much of each pixel it covers, float32[H, W], 0 to 1.

    A column counts as far as the object covers what it covers most in it, so that parts of pixels count as parts.
    """
    across, down = covered.max(axis=0), covered.max(axis=1)
    return max(float(across.sum()), float(down.sum()))


def measure_reach(placed: SmallObject, longest: int, feeds: Mapping[str, Feed]) -> dict[str, float]:
    """Pixels of the longest side of an object in the frame, in what the models are fed with, and of its crop."""
    frame = fit_frame(placed.mask, longest)
    extents = {name: measure_extent(feed(frame)) for name, feed in feeds.items()}
    box = placed.box * np.float32(frame.shape[1] / placed.mask.shape[1])
    crop = frame[crop_box(box, Framing.crop_scale, frame.shape)]
    return {"frame": measure_extent(frame[..., 0] / np.float32(255)), **extents, "crop": float(max(crop.shape))}


def find_finest(longest: int, feed: Feed) -> float:
    """Pixels of the photograph from the middle of one stripe to that of the next but one, of the finest that a model
    still gets half the contrast of."""
    return next(float(period) for period in PERIODS if _contrast(float(period), longest, feed) >= CONTRAST)


def _contrast(period: float, longest: int, feed: Feed) -> float:
    """The share that is left of the contrast of stripes, by their own frequency alone: 0 to 1."""
    phase = 2 * np.pi * np.arange(WIDTH) / period
    row = np.rint(127.5 + 127.5 * np.sin(phase)).astype(np.uint8)
    picture = np.broadcast_to(row[None, :, None], (ROWS, WIDTH, 3))  # the longest side alone decides the scale
    fed = feed(fit_frame(np.ascontiguousarray(picture), longest))
    line = fed[round(ROWS * fed.shape[1] / WIDTH) // 2]
    wave = np.exp(-2j * np.pi * (np.arange(len(line)) + 0.5) * WIDTH / len(line) / period)
    return float(4 * abs(np.mean((line - line.mean()) * wave)))
