"""What editing models do wrong: the right thing at the wrong place or size, or the wrong thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from studio.edits import Edit, new_item, repaint, resize, stand_in
from studio.placing import differs, elsewhere, might_stand, place, stands, with_item, without
from studio.scene import Item, Scene, SceneRules
from studio.world import STYLES

Mistake = Callable[[np.random.Generator, Edit, SceneRules], Scene | None]


def misplaced(rng: np.random.Generator, edit: Edit, rules: SceneRules) -> Scene | None:
    """What was asked for, at the wrong place or in the wrong size; None where neither was asked for."""
    if edit.target is None or (edit.edit_type == "add" and edit.anchor is None):
        return None
    ways = {"add": [_elsewhere], "move": [_other_size], "size": [_elsewhere]}
    return _first(rng, ways.get(edit.edit_type, [_elsewhere, _other_size]), edit, rules)


def wrong(rng: np.random.Generator, edit: Edit, rules: SceneRules) -> Scene | None:
    """Something else than what was asked for, or what was asked for done to another object."""
    if edit.edit_type == "style":
        return replace(edit.original, style=str(rng.choice([style for style in STYLES if style != edit.edited.style])))
    if edit.edit_type == "add":
        fresh = stand_in(edit.edited, edit.target, lambda: new_item(rng, rules, edit.edited))
        return _exchanged(edit.edited, edit.target, fresh)
    if edit.edit_type == "remove":
        return with_item(edit.original, _another(rng, edit), None)
    return _first(rng, [_other_object, _other_way], edit, rules)


def _first(rng: np.random.Generator, ways: list[Mistake], edit: Edit, rules: SceneRules) -> Scene | None:
    """The first mistake that can be made, in a random order."""
    made = (ways[pick](rng, edit, rules) for pick in rng.permutation(len(ways)))
    return next((scene for scene in made if scene is not None), None)


def _exchanged(scene: Scene, index: int | None, item: Item | None) -> Scene | None:
    return None if item is None or index is None else with_item(scene, index, item)


def _another(rng: np.random.Generator, edit: Edit) -> int:
    """An object of the original that nothing was asked about."""
    return int(rng.choice([index for index in range(len(edit.original.items)) if index != edit.source]))


def _reference(edit: Edit, old: Item) -> Item:
    """What the asked position relates to: the anchor, or the place that the object had."""
    return old if edit.anchor is None else edit.original.items[edit.anchor]


def _elsewhere(rng: np.random.Generator, edit: Edit, rules: SceneRules) -> Scene | None:
    """The wanted object, far from where it should be."""
    item, others, asked = edit.edited.items[edit.target], without(edit.edited, edit.target), edit.intent.position
    reference = _reference(edit, item)
    moved = place(
        rng,
        item,
        others,
        lambda at: elsewhere(at, item) and (asked == "unchanged" or not might_stand(at, asked, reference)),
    )
    return _exchanged(edit.edited, edit.target, moved)


def _other_size(rng: np.random.Generator, edit: Edit, rules: SceneRules) -> Scene | None:
    """The wanted object at its place, far too large or too small."""
    larger = bool(rng.random() < 0.5)
    for way in (larger, not larger):
        fresh = resize(rng, edit.edited, edit.target, way)
        if fresh is not None:
            return _exchanged(edit.edited, edit.target, fresh)
    return None


def _other_object(rng: np.random.Generator, edit: Edit, rules: SceneRules) -> Scene | None:
    """What was asked for, done to another object."""
    other = _another(rng, edit)
    scene, old, new = edit.original, edit.original.items[other], edit.edited.items[edit.target]
    if edit.edit_type in ("color", "texture"):
        put = replace(old, colour=new.colour, texture=new.texture)
        return with_item(scene, other, put) if differs(old, put) else None
    if edit.edit_type == "replace":
        return _exchanged(scene, other, stand_in(scene, other, lambda: new))
    if edit.edit_type == "size":
        return _exchanged(scene, other, resize(rng, scene, other, edit.intent.size == "larger"))
    if other == edit.anchor:
        return None
    asked, reference = edit.intent.position, _reference(edit, old)
    moved = place(rng, old, without(scene, other), lambda at: elsewhere(at, old) and stands(at, asked, reference))
    return _exchanged(scene, other, moved)


def _other_way(rng: np.random.Generator, edit: Edit, rules: SceneRules) -> Scene | None:
    """The right object, but another paint, thing, direction or way of resizing than was asked for."""
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
    asked, reference = edit.intent.position, _reference(edit, old)
    moved = place(
        rng, old, without(scene, index), lambda at: elsewhere(at, old) and not might_stand(at, asked, reference)
    )
    return _exchanged(scene, index, moved)
