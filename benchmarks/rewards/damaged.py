"""Pictures that get artefacts of each kind: edits that the studio renders, and photographs before and after an edit."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.differences.cases import read_photographs
from editjudge.types import Image
from studio.artefacts.editing import DamagedSpot
from studio.artefacts.steps import damage_in_steps
from studio.edits.edit_set import RenderedEdit, edit_set
from studio.renderer.scene import render

CANVAS = 512
SMALLEST, LARGEST = 0.004, 0.6
"""Of a picture: how large the thing is that local artefacts are put at."""
CHANGED = 20
"""Levels, of softened pictures, from which a pixel belongs to what was edited."""
GOOD = ("good",)


@dataclass(frozen=True, eq=False)
class DamagedCase:
    """An edit, undamaged, and a thing in it that local artefacts are put at.

    Attributes:
        name: Of the original, and where it is from.
        original, edited: uint8[H, W, 3], of any size each.
        spot: In the edited picture.
        plain: The edited picture that artefacts of the whole are put on.
    """

    name: str
    original: Image
    edited: Image
    spot: DamagedSpot
    plain: Image

    def damage(self, kind: str) -> list[Image]:
        """The edited picture undamaged and with each step, or nothing where that could not be seen."""
        picture = self.edited if kind in ("seams", "bleeding", "cut") else self.plain
        return damage_in_steps(kind, picture, self.spot, zlib.crc32(self.name.encode()))


def render_cases(seed: int, count: int, held_out: bool = True) -> Iterator[DamagedCase]:
    """Well done edits; the thing is what was edited, or the largest one where that is gone."""
    for index, edit in enumerate(edit_set(seed, count, held_out, CANVAS)):
        spot = _find_item(edit)
        if spot is not None:
            done = edit.candidates["well_done"]
            yield DamagedCase(f"rendered {index}", edit.original, done, spot, done)


def _find_item(edit: RenderedEdit) -> DamagedSpot | None:
    scene = edit.scenes["well_done"]
    rendered = render(scene, CANVAS)
    sizes = rendered.masks.sum(axis=(1, 2)) * (rendered.visible > 0.8)
    target = edit.edit.target
    index = target if target is not None and sizes[target] else int(sizes.argmax())
    if sizes[index] < SMALLEST * CANVAS**2:
        return None
    rest = replace(scene, items=scene.items[:index] + scene.items[index + 1 :])
    return DamagedSpot(rendered.masks[index], render(rest, CANVAS).image)


def read_cases(folder: Path, count: int) -> Iterator[DamagedCase]:
    """`count` pairs, as `benchmarks.differences.measure` reads them: as they were edited, and the original for itself.

    Something is pasted into the latter for local artefacts. Edits whose place cannot be told are left out.
    """
    entries = read_photographs(folder)
    for index in np.unique(np.linspace(0, len(entries) - 1, count).round().astype(int)).tolist():
        entry = entries[index]
        spot = _find_edit(entry.original, entry.edited)
        if spot is not None:
            yield DamagedCase(f"edited {index}", entry.original, entry.edited, spot, entry.edited)
        pasted, spot = paste(entry.original, index)
        yield DamagedCase(f"original {index}", entry.original, pasted, spot, entry.original)


def _find_edit(original: Image, edited: Image) -> DamagedSpot | None:
    """The largest place in which two pictures differ."""
    height, width = edited.shape[:2]
    behind = cv2.resize(original, (width, height), interpolation=cv2.INTER_AREA)
    soft = [cv2.GaussianBlur(picture, (0, 0), 3) for picture in (behind, edited)]
    changed = (cv2.absdiff(*soft).max(axis=2) > CHANGED).astype(np.uint8)
    joined = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if not areas.size or not SMALLEST < areas.max() / joined.size < LARGEST:
        return None
    return DamagedSpot(labels == 1 + int(areas.argmax()), np.asarray(behind, np.uint8))


def paste(picture: Image, seed: int) -> tuple[Image, DamagedSpot]:
    """The picture with an ellipse of another part of it in it."""
    rng, (height, width) = np.random.default_rng([5, seed]), picture.shape[:2]
    axes, centre = rng.uniform(0.1, 0.18, 2) * (width, height), rng.uniform(0.3, 0.7, 2) * (width, height)
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, tuple(map(int, centre)), tuple(map(int, axes)), float(rng.uniform(0, 180)), 0, 360, 1, -1)
    other = np.roll(picture, (height // 3, width // 3), (0, 1))[:, ::-1]
    return np.where(mask[..., None] > 0, other, picture), DamagedSpot(mask > 0, picture)
