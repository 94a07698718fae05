"""What editing models do at the extremes: the opposite of what was asked, or far more than was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from studio.edits.edit import SceneEdit, resize
from studio.renderer.placing import differs, elsewhere, offset, place, stands, with_item, without
from studio.renderer.scene import Item, Scene
from studio.renderer.world import OPPOSITES

ACROSS = {"left": "right", "right": "left", "up": "down", "down": "up"}
FARTHER = 1.3
"""The factor of the old distance to the anchor from which an object that should come near has gone away."""
STEP = 0.12
"""The least way, as a share of the canvas, that is clearly the opposite one: there is seldom room for a long one."""
TRIES, MOVE_TRIES = 20, 600
COPIES = 2
"""How often an object that should be added once is there besides, at most."""


def contrary(rng: np.random.Generator, edit: SceneEdit) -> Scene | None:
    """The original with the opposite of the edit done; None if the edit has no opposite or it cannot be made."""
    scene, index = edit.original, edit.source
    if index is None:
        return None
    old = scene.items[index]
    if edit.edit_type == "color":
        return _changed(scene, index, _repaint_opposite(edit, old))
    if edit.edit_type == "size":
        return _changed(scene, index, _resize_opposite(rng, edit, index))
    if edit.edit_type == "move":
        return _changed(scene, index, _move_opposite(rng, edit, index))
    if edit.edit_type == "remove":
        twin = place(rng, old, scene.items, lambda at: stands(at, "near", old))
        return None if twin is None else replace(scene, items=(*scene.items, twin))
    return None


def too_strong(rng: np.random.Generator, edit: SceneEdit) -> Scene | None:
    """The edit done, but to more than was asked for; None if there is nothing else it can be done to."""
    return SPILLS[edit.edit_type](rng, edit)


def _changed(scene: Scene, index: int, item: Item | None) -> Scene | None:
    return None if item is None else with_item(scene, index, item)


def _repaint_opposite(edit: SceneEdit, old: Item) -> Item | None:
    """The object in the opposite of the colour that is asked for; None if it looks like that already."""
    asked = edit.edited.items[edit.target].colour if edit.target is not None else None
    if asked is None:
        return None
    painted = replace(old, colour=OPPOSITES[asked], texture=None)
    return painted if differs(old, painted) else None


def _resize_opposite(rng: np.random.Generator, edit: SceneEdit, index: int) -> Item | None:
    """The object smaller where it should be larger, and larger where it should be smaller, if there is room."""
    tried = (resize(rng, edit.original, index, edit.intent.size == "smaller") for _ in range(TRIES))
    return next((item for item in tried if item is not None), None)


def _move_opposite(rng: np.random.Generator, edit: SceneEdit, index: int) -> Item | None:
    """The object moved the other way, to the other side of the anchor, or farther away from it."""
    position, old = edit.intent.position, edit.original.items[index]
    anchor = None if edit.anchor is None else edit.original.items[edit.anchor]

    def accept(at: Item) -> bool:
        if anchor is None:
            along, across = offset(at, ACROSS[position], old)
            return along >= max(STEP, 2 * abs(across))
        if position in ACROSS:
            return elsewhere(at, old) and stands(at, ACROSS[position], anchor)
        return elsewhere(at, old) and _distance(at, anchor) > FARTHER * _distance(old, anchor)

    return place(rng, old, without(edit.original, index), accept, MOVE_TRIES)


def _distance(one: Item, other: Item) -> float:
    return float(np.hypot(one.x - other.x, one.y - other.y))


def _remove_more(rng: np.random.Generator, edit: SceneEdit) -> Scene | None:
    """Without some more objects; one is left if there are several."""
    items = edit.edited.items
    if not items:
        return None
    count = int(rng.integers(1, max(2, len(items))))
    gone = set(rng.choice(len(items), size=count, replace=False).tolist())
    return replace(edit.edited, items=tuple(item for index, item in enumerate(items) if index not in gone))


def _add_copies(rng: np.random.Generator, edit: SceneEdit) -> Scene | None:
    """With copies of the object where there is room."""
    if edit.target is None:
        return None
    scene, wanted = edit.edited, edit.edited.items[edit.target]
    for _ in range(COPIES):
        copy = place(rng, wanted, scene.items)
        if copy is not None:
            scene = replace(scene, items=(*scene.items, copy))
    return None if scene == edit.edited else scene


def _paint_all(rng: np.random.Generator, edit: SceneEdit) -> Scene | None:
    """With every object painted like the edited one; None if that can hardly be seen on any other."""
    if edit.target is None:
        return None
    items, paint = edit.edited.items, edit.edited.items[edit.target]
    painted = tuple(replace(item, colour=paint.colour, texture=paint.texture) for item in items)
    visible = any(differs(old, new) for old, new in zip(items, painted, strict=True))
    return replace(edit.edited, items=painted) if visible else None


def _resize_others(rng: np.random.Generator, edit: SceneEdit) -> Scene | None:
    """With all other objects resized as well, as far as there is room."""
    scene = edit.edited
    for index in _others(rng, scene, edit.target):
        scene = _changed(scene, index, resize(rng, scene, index, edit.intent.size == "larger")) or scene
    return None if scene == edit.edited else scene


def _move_another(rng: np.random.Generator, edit: SceneEdit) -> Scene | None:
    """With another object moved as well; the anchor stays, as the place that was asked for depends on it."""
    for index in _others(rng, edit.edited, edit.target, edit.anchor):
        old = edit.edited.items[index]
        moved = place(rng, old, without(edit.edited, index), partial(elsewhere, other=old))
        if moved is not None:
            return with_item(edit.edited, index, moved)
    return None


def _others(rng: np.random.Generator, scene: Scene, *spared: int | None) -> Iterator[int]:
    """The objects that are not spared, in a random order."""
    return (int(index) for index in rng.permutation(len(scene.items)) if index not in spared)


def _style_all(rng: np.random.Generator, edit: SceneEdit) -> Scene:
    """As asked, since a style has nothing to spill over to: pixels have to be overdone instead."""
    return edit.edited


SPILLS: dict[str, Callable[[np.random.Generator, SceneEdit], Scene | None]] = {
    "add": _add_copies, "remove": _remove_more, "replace": _add_copies, "color": _paint_all, "texture": _paint_all,
    "size": _resize_others, "move": _move_another, "style": _style_all,
}  # fmt: skip
