"""Edits of photographs object by object: something comes, goes, moves, grows, turns into something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from editjudge.types import EditIntent, EditType, Image, Position, Size
from studio.differences.cut_outs import CutOut, Layer, Pose, draw_cut_out, draw_place, lay
from studio.differences.pair import Mask
from studio.differences.regions import fill_hole, find_parts
from studio.differences.stage import PlannedChange, Stage, Wish, take
from studio.edits.instructions import instruct
from studio.renderer.paint import recolour, texture
from studio.renderer.world import COLOURS, TEXTURES

TRIES = 12
OUTSIDE = 0.3
"""The share of an object that may lie beyond the border."""

ObjectEdit = Callable[[np.random.Generator, Stage], Stage | None]


def find_room(rng: np.random.Generator, stage: Stage, cut_out: CutOut, side: float | None = None) -> Pose | None:
    """A place where the object covers nothing that is taken; of a given longest side in pixels, if there is one."""
    for _ in range(TRIES):
        place = draw_place(rng, stage.size)
        place = place if side is None else replace(place, side=side)
        layer = lay(cut_out, place, stage.size)
        if np.count_nonzero(layer.solid) and stage.is_free(layer.support) and _is_in_sight(cut_out, place, layer):
            return place
    return None


def _is_in_sight(cut_out: CutOut, place: Pose, layer: Layer) -> bool:
    whole = np.count_nonzero(cut_out.pixels[..., 3] > 127) * (place.side / max(cut_out.pixels.shape[:2])) ** 2
    return bool(np.count_nonzero(layer.solid) >= (1 - OUTSIDE) * whole)


def _draw_object(rng: np.random.Generator, stage: Stage) -> tuple[CutOut, Pose] | None:
    cut_out = _shade(rng, draw_cut_out(rng, stage.held_out))
    place = find_room(rng, stage, cut_out)
    return None if place is None else (cut_out, place)


def _shade(rng: np.random.Generator, cut_out: CutOut) -> CutOut:
    """In another light, which may be that of the photograph."""
    pixels = cut_out.pixels.copy()
    pixels[..., :3] = np.clip(pixels[..., :3] * rng.uniform(0.65, 1.15) + rng.uniform(-12, 12), 0, 255)
    return replace(cut_out, pixels=pixels)


def _wish(rng: np.random.Generator, edit_type: str, intent: EditIntent, **words: str) -> Wish:
    return Wish(instruct(rng, edit_type, **words), intent)


def add(rng: np.random.Generator, stage: Stage) -> Stage | None:
    """An object that was not there."""
    if (drawn := _draw_object(rng, stage)) is None:
        return None
    layer = lay(*drawn, stage.size)
    name, wish = layer.name, None
    if name is not None:
        wish = _wish(rng, "add", EditIntent("add", None, name), target=name)
    return take(
        stage, stage.original, layer.over(stage.edited), (PlannedChange("ADD", _rim(layer.support), name),), wish
    )


def remove(rng: np.random.Generator, stage: Stage) -> Stage | None:
    """An object that is gone; what was behind it is what there was, or filled in."""
    if (drawn := _draw_object(rng, stage)) is None:
        return None
    layer = lay(*drawn, stage.size)
    original, edited, name = layer.over(stage.original), stage.edited, layer.name
    if rng.random() < 0.6:
        edited = fill_hole(rng, layer.over(edited), layer.support, stage.taken)
    wish = None if name is None else _wish(rng, "remove", EditIntent("remove", name, None), source=name)
    return take(stage, original, edited, (PlannedChange("REMOVE", _rim(layer.support), name),), wish)


def _rim(mask: Mask) -> Mask:
    """With the pixels around that filling or blending may touch."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0)


def remove_part(rng: np.random.Generator, stage: Stage) -> Stage | None:
    """A part of the photograph itself that is gone, or one that was not there."""
    parts = [part for part in find_parts(rng, stage.edited, whole=True) if stage.is_free(_rim(part))]
    if not parts:
        return None
    part = parts[int(rng.integers(len(parts)))]
    filled = fill_hole(rng, stage.edited, part, stage.taken)
    if rng.random() < 0.5:
        return take(stage, stage.original, filled, (PlannedChange("REMOVE", _rim(part)),), None)
    original = np.where(_rim(part)[..., None], filled, stage.original)
    return take(stage, original, stage.edited, (PlannedChange("ADD", _rim(part)),), None)


def move(rng: np.random.Generator, stage: Stage) -> Stage | None:
    """An object that stands elsewhere than it did."""
    if (drawn := _draw_object(rng, stage)) is None:
        return None
    cut_out, start = drawn
    here = lay(cut_out, start, stage.size)
    for _ in range(TRIES):
        place = find_room(rng, replace(stage, taken=stage.taken | _rim(here.support)), cut_out, start.side)
        if place is None:
            return None
        there = lay(cut_out, replace(place, angle=start.angle, shadow=start.shadow), stage.size)
        if not (there.support & here.support).any():
            break
    else:
        return None
    original, edited = here.over(stage.original), stage.edited
    if rng.random() < 0.6:
        edited = fill_hole(rng, here.over(edited), here.support, stage.taken | there.support)
    halves = (
        PlannedChange("REMOVE", _rim(here.support), here.name),
        PlannedChange("ADD", _rim(there.support), here.name),
    )
    across, down = place.x - start.x, place.y - start.y
    wish = None
    if here.name is not None and max(abs(across), abs(down)) > 2 * min(abs(across), abs(down)):
        sides: tuple[Position, Position] = ("left", "right") if abs(across) > abs(down) else ("up", "down")
        way = sides[int((across if abs(across) > abs(down) else down) > 0)]
        intent = EditIntent("move", here.name, here.name, position=way)
        wish = _wish(rng, "move", intent, source=here.name, position=way)
    return take(stage, original, there.over(edited), halves, wish)


def resize(rng: np.random.Generator, stage: Stage) -> Stage | None:
    """An object that is larger or smaller than it was, with its foot where it stood."""
    if (drawn := _draw_object(rng, stage)) is None:
        return None
    cut_out, place = drawn
    factor = float(rng.uniform(0.5, 0.8))
    small = replace(place, side=place.side * factor)
    if rng.random() < 0.6:
        height = place.side * cut_out.pixels.shape[0] / max(cut_out.pixels.shape[:2])
        small = replace(small, y=place.y + height * (1 - factor) / 2)
    larger = bool(rng.random() < 0.5)
    layers = [lay(cut_out, one, stage.size) for one in ((small, place) if larger else (place, small))]
    way: Size = "larger" if larger else "smaller"
    name, wish = cut_out.name, None
    if name is not None:
        wish = _wish(rng, "size", EditIntent("size", name, name, size=way), source=name, size=way)
    return _exchange(stage, layers[0], layers[1], wish)


def _exchange(stage: Stage, old: Layer, new: Layer, wish: Wish | None) -> Stage | None:
    """One object for another that overlaps with it; None if the new one covers what is taken."""
    if not (stage.is_free(old.support) and stage.is_free(new.support)):
        return None
    half = PlannedChange("EDIT", old.support | new.support, old.name)
    return take(stage, old.over(stage.original), new.over(stage.edited), (half,), wish)


def exchange(rng: np.random.Generator, stage: Stage) -> Stage | None:
    """An object in the place of another that covers about the same box."""
    if (drawn := _draw_object(rng, stage)) is None:
        return None
    old, place = drawn
    shape = old.pixels.shape[0] / old.pixels.shape[1]
    for _ in range(TRIES):
        new = _shade(rng, draw_cut_out(rng, stage.held_out))
        if new.name != old.name and 0.6 < new.pixels.shape[0] / new.pixels.shape[1] / shape < 1.6:
            break
    else:
        return None
    wish = None
    if old.name is not None and new.name is not None:
        intent = EditIntent("replace", old.name, new.name)
        wish = _wish(rng, "replace", intent, source=old.name, target=new.name)
    return _exchange(stage, lay(old, place, stage.size), lay(new, place, stage.size), wish)


def repaint(rng: np.random.Generator, stage: Stage) -> Stage | None:
    """An object in another colour or with another texture."""
    if (drawn := _draw_object(rng, stage)) is None:
        return None
    cut_out, place = drawn
    edit_type: EditType = "color" if rng.random() < 0.65 else "texture"
    paint = str(rng.choice(list(COLOURS) if edit_type == "color" else TEXTURES))
    painted = cut_out.pixels.copy()
    colours: Image = np.ascontiguousarray(painted[..., :3])
    painted[..., :3] = recolour(colours, COLOURS[paint]) if edit_type == "color" else texture(colours, paint)
    name, wish = cut_out.name, None
    if name is not None:
        intent = EditIntent(edit_type, name, f"{paint} {name}")
        wish = _wish(rng, edit_type, intent, source=name, attribute=paint)
    new = lay(replace(cut_out, pixels=painted), place, stage.size)
    return _exchange(stage, lay(cut_out, place, stage.size), new, wish)


OBJECT_EDITS: dict[str, ObjectEdit] = {
    "add": add, "remove": remove, "remove_part": remove_part, "move": move, "resize": resize, "exchange": exchange,
    "repaint": repaint,
}  # fmt: skip
