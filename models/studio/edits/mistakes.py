"""What editing models do wrong: the right thing in the wrong place or size, or the wrong thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from studio.edits.edit import SceneEdit, new_item, repaint, resize, stand_in
from studio.renderer.placing import differs, elsewhere, might_stand, place, stands, with_item, without
from studio.renderer.scene import Item, Scene, SceneRules
from studio.renderer.world import STYLES

Mistake = Callable[[np.random.Generator, SceneEdit, SceneRules], Scene | None]


def misplaced(rng: np.random.Generator, edit: SceneEdit, rules: SceneRules) -> Scene | None:
    """What was asked for, in the wrong place or the wrong size; None if it can have neither."""
    if edit.target is None or (edit.edit_type == "add" and edit.anchor is None):
        return None
    ways = {"add": [_elsewhere], "move": [_other_size], "size": [_elsewhere]}
    return _first(rng, ways.get(edit.edit_type, [_elsewhere, _other_size]), edit, rules)


def wrong(rng: np.random.Generator, edit: SceneEdit, rules: SceneRules) -> Scene | None:
    """Something other than what was asked for, or the right edit of another object; None if neither can be made."""
    if edit.edit_type == "style":
        return replace(edit.original, style=str(rng.choice([style for style in STYLES if style != edit.edited.style])))
    if edit.edit_type == "add":
        fresh = stand_in(edit.edited, edit.target, lambda: new_item(rng, rules, edit.edited))
        return _exchanged(edit.edited, edit.target, fresh)
    if edit.edit_type == "remove":
        return with_item(edit.original, _another(rng, edit), None)
    return _first(rng, [_other_object, _other_way], edit, rules)


def _first(rng: np.random.Generator, ways: list[Mistake], edit: SceneEdit, rules: SceneRules) -> Scene | None:
    """The first mistake, in a random order, that can be made."""
    made = (ways[pick](rng, edit, rules) for pick in rng.permutation(len(ways)))
    return next((scene for scene in made if scene is not None), None)


def _exchanged(scene: Scene, index: int | None, item: Item | None) -> Scene | None:
    return None if item is None or index is None else with_item(scene, index, item)


def _another(rng: np.random.Generator, edit: SceneEdit) -> int:
    """The index of an object of the original that is not to be edited."""
    return int(rng.choice([index for index in range(len(edit.original.items)) if index != edit.source]))


def _reference(edit: SceneEdit, old: Item) -> Item:
    """What the position is relative to: the anchor, or the place that the object had."""
    return old if edit.anchor is None else edit.original.items[edit.anchor]


def _elsewhere(rng: np.random.Generator, edit: SceneEdit, rules: SceneRules) -> Scene | None:
    """The wanted object, far from where it should be."""
    item, others, position = edit.edited.items[edit.target], without(edit.edited, edit.target), edit.intent.position
    reference = _reference(edit, item)
    moved = place(
        rng,
        item,
        others,
        lambda at: elsewhere(at, item) and (position == "unchanged" or not might_stand(at, position, reference)),
    )
    return _exchanged(edit.edited, edit.target, moved)


def _other_size(rng: np.random.Generator, edit: SceneEdit, rules: SceneRules) -> Scene | None:
    """The wanted object in its place, but far too large or too small."""
    larger = bool(rng.random() < 0.5)
    for way in (larger, not larger):
        fresh = resize(rng, edit.edited, edit.target, way)
        if fresh is not None:
            return _exchanged(edit.edited, edit.target, fresh)
    return None


def _other_object(rng: np.random.Generator, edit: SceneEdit, rules: SceneRules) -> Scene | None:
    """The right edit of another object."""
    other = _another(rng, edit)
    scene, old, new = edit.original, edit.original.items[other], edit.edited.items[edit.target]
    if edit.edit_type in ("color", "texture"):
        painted = replace(old, colour=new.colour, texture=new.texture)
        return with_item(scene, other, painted) if differs(old, painted) else None
    if edit.edit_type == "replace":
        return _exchanged(scene, other, stand_in(scene, other, lambda: new))
    if edit.edit_type == "size":
        return _exchanged(scene, other, resize(rng, scene, other, edit.intent.size == "larger"))
    if other == edit.anchor:
        return None
    position, reference = edit.intent.position, _reference(edit, old)
    moved = place(rng, old, without(scene, other), lambda at: elsewhere(at, old) and stands(at, position, reference))
    return _exchanged(scene, other, moved)


def _other_way(rng: np.random.Generator, edit: SceneEdit, rules: SceneRules) -> Scene | None:
    """The right object, but with another paint, replacement, direction or change of size than was asked for."""
    scene, index = edit.original, edit.source
    old, new = scene.items[index], edit.edited.items[edit.target]
    if edit.edit_type in ("color", "texture"):
        return _exchanged(scene, index, repaint(rng, old, edit.edit_type == "color", avoid=new))
    if edit.edit_type == "replace":
        fresh = stand_in(scene, index, lambda: new_item(rng, rules, scene, edit.edited))
        return _exchanged(scene, index, fresh)
    if edit.edit_type == "size":
        fresh = resize(rng, scene, index, edit.intent.size == "smaller")
        return _exchanged(scene, index, fresh)
    position, reference = edit.intent.position, _reference(edit, old)
    moved = place(
        rng, old, without(scene, index), lambda at: elsewhere(at, old) and not might_stand(at, position, reference)
    )
    return _exchanged(scene, index, moved)
