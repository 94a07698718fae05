"""Edits as pure functions on scenes: what the picture is, what it should become, and how that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from editjudge.types import ALL, EditIntent
from studio.edits.instructions import instruct
from studio.renderer.placing import (
    alone,
    area,
    box_iou,
    differs,
    elsewhere,
    free,
    inside,
    might_stand,
    place,
    stands,
    with_item,
    without,
)
from studio.renderer.scene import Item, Scene, SceneRules, random_item, random_scene
from studio.renderer.world import COLOURS, STYLES, TEXTURES

EDIT_RULES = SceneRules(count=(2, 4), size=(0.2, 0.38), overlap=0.02)
SMALLEST, LARGEST = 0.18, 0.46
"""Sizes of an edited object: those that the detector is trained on."""
SIDES = ("left", "right", "up", "down")


@dataclass(frozen=True)
class SceneEdit:
    """An edit that is asked for.

    Attributes:
        original, edited: The scene as it is, and as it should become.
        intent, instruction: What is asked for, and the same in words.
        source: The index of the object among the items of the original; None where there is none.
        target: Its index among those of the edited scene; None where there is none.
        anchor: The index, in both, of the object that the place refers to; None where there is none.
    """

    original: Scene
    edited: Scene
    intent: EditIntent
    instruction: str
    source: int | None
    target: int | None
    anchor: int | None = None

    @property
    def edit_type(self) -> str:
        return self.intent.edit_type


def random_edit(rng: np.random.Generator, rules: SceneRules = EDIT_RULES, edit_type: str | None = None) -> SceneEdit:
    """An edit of the given type, or of any, in a random scene with at least two objects."""
    edit_type = edit_type or str(rng.choice(EDIT_KINDS))
    while True:
        scene = random_scene(rng, rules)
        if len(scene.items) < 2:
            continue
        index = int(rng.integers(len(scene.items)))
        if inside(scene.items[index]) and (edit := MAKERS[edit_type](rng, rules, scene, index)):
            return edit


def name_item(rng: np.random.Generator, item: Item) -> str:
    """The object's plain name, or its name with its attribute."""
    return item.phrase if rng.random() < 0.6 else item.name


def new_item(rng: np.random.Generator, rules: SceneRules, *scenes: Scene) -> Item:
    """An object whose name is in none of the scenes."""
    taken = {item.name for scene in scenes for item in scene.items}
    return random_item(rng, rules, str(rng.choice([name for name in rules.names if name not in taken])))


def stand_in(scene: Scene, index: int, choose: Callable[[], Item]) -> Item | None:
    """An object that takes another's place and covers about the same box and area; None if `choose` finds none."""
    old = scene.items[index]
    for _ in range(25):
        fresh = replace(choose(), x=old.x, y=old.y, size=old.size)
        fresh = replace(fresh, size=old.size * float(np.sqrt(area(old) / area(fresh))))
        overlap = box_iou(alone(old).boxes[0], alone(fresh).boxes[0])
        if SMALLEST <= fresh.size <= LARGEST and overlap > 0.6 and free(fresh, without(scene, index)):
            return fresh
    return None


def repaint(rng: np.random.Generator, item: Item, colour: bool, avoid: Item | None = None) -> Item:
    """The object in another colour, or texture, that is clearly visible and differs from that of `avoid`."""
    while True:
        if colour:
            painted = replace(item, colour=str(rng.choice(list(COLOURS))), texture=None)
        else:
            painted = replace(item, texture=str(rng.choice(TEXTURES)), colour=None)
        if differs(item, painted) and (avoid is None or differs(avoid, painted)):
            return painted


def resize(rng: np.random.Generator, scene: Scene, index: int, larger: bool) -> Item | None:
    """The object at its place, its area clearly beyond the ratio 1.2 or below 0.8."""
    old = scene.items[index]
    low, high = (1.25, 1.65) if larger else (0.55, 0.75)
    low, high = max(low, SMALLEST / old.size), min(high, LARGEST / old.size)
    if low >= high:
        return None
    fresh = replace(old, size=old.size * float(rng.uniform(low, high)))
    return fresh if free(fresh, without(scene, index)) else None


def _add(rng: np.random.Generator, rules: SceneRules, scene: Scene, index: int) -> SceneEdit | None:
    fresh = new_item(rng, rules, scene)
    anchor, position = None, "unchanged"
    if rng.random() < 0.6:
        anchor, position = name_item(rng, scene.items[index]), str(rng.choice((*SIDES, "near")))
    reference = scene.items[index]
    added = place(rng, fresh, scene.items, lambda item: anchor is None or stands(item, position, reference))
    if added is None:
        return None
    intent = EditIntent("add", None, added.phrase, anchor, position=position)
    text = instruct(rng, "add", target=added.phrase, anchor=anchor, position=position)
    edited, anchor_index = replace(scene, items=(*scene.items, added)), index if anchor else None
    return SceneEdit(scene, edited, intent, text, None, len(scene.items), anchor_index)


def _remove(rng: np.random.Generator, rules: SceneRules, scene: Scene, index: int) -> SceneEdit:
    source = name_item(rng, scene.items[index])
    text = instruct(rng, "remove", source=source)
    return SceneEdit(scene, with_item(scene, index, None), EditIntent("remove", source, None), text, index, None)


def _replace(rng: np.random.Generator, rules: SceneRules, scene: Scene, index: int) -> SceneEdit | None:
    fresh = stand_in(scene, index, lambda: new_item(rng, rules, scene))
    if fresh is None:
        return None
    source = name_item(rng, scene.items[index])
    text = instruct(rng, "replace", source=source, target=fresh.phrase)
    intent = EditIntent("replace", source, fresh.phrase)
    return SceneEdit(scene, with_item(scene, index, fresh), intent, text, index, index)


def _paint(rng: np.random.Generator, scene: Scene, index: int, edit_type: str) -> SceneEdit:
    painted = repaint(rng, scene.items[index], edit_type == "color")
    source = name_item(rng, scene.items[index])
    text = instruct(rng, edit_type, source=source, attribute=painted.colour or painted.texture)
    intent = EditIntent(edit_type, source, painted.phrase)
    return SceneEdit(scene, with_item(scene, index, painted), intent, text, index, index)


def _color(rng: np.random.Generator, rules: SceneRules, scene: Scene, index: int) -> SceneEdit:
    return _paint(rng, scene, index, "color")


def _texture(rng: np.random.Generator, rules: SceneRules, scene: Scene, index: int) -> SceneEdit:
    return _paint(rng, scene, index, "texture")


def _size(rng: np.random.Generator, rules: SceneRules, scene: Scene, index: int) -> SceneEdit | None:
    larger = bool(rng.random() < 0.5)
    fresh = resize(rng, scene, index, larger)
    if fresh is None:
        return None
    phrase, way = name_item(rng, fresh), "larger" if larger else "smaller"
    intent = EditIntent("size", phrase, phrase, size=way)
    text = instruct(rng, "size", source=phrase, size=way)
    return SceneEdit(scene, with_item(scene, index, fresh), intent, text, index, index)


def _move(rng: np.random.Generator, rules: SceneRules, scene: Scene, index: int) -> SceneEdit | None:
    old, others = scene.items[index], without(scene, index)
    anchor_index = None
    if rng.random() < 0.4:
        anchor_index = int(rng.choice([other for other in range(len(scene.items)) if other != index]))
    reference = old if anchor_index is None else scene.items[anchor_index]
    anchor = None if anchor_index is None else name_item(rng, reference)
    position = str(rng.choice(SIDES if anchor_index is None else (*SIDES, "near")))
    if anchor_index is not None and might_stand(old, position, reference):
        return None
    moved = place(rng, old, others, lambda item: stands(item, position, reference) and elsewhere(item, old))
    if moved is None:
        return None
    phrase = name_item(rng, old)
    intent = EditIntent("move", phrase, phrase, anchor, position=position)
    text = instruct(rng, "move", source=phrase, anchor=anchor, position=position)
    return SceneEdit(scene, with_item(scene, index, moved), intent, text, index, index, anchor_index)


def _style(rng: np.random.Generator, rules: SceneRules, scene: Scene, index: int) -> SceneEdit:
    style = str(rng.choice(list(STYLES)))
    intent = EditIntent("style", ALL, STYLES[style])
    return SceneEdit(
        scene, replace(scene, style=style), intent, instruct(rng, "style", attribute=STYLES[style]), None, None
    )


Maker = Callable[[np.random.Generator, SceneRules, Scene, int], SceneEdit | None]
MAKERS: dict[str, Maker] = {
    "add": _add, "remove": _remove, "replace": _replace, "color": _color, "texture": _texture, "size": _size,
    "move": _move, "style": _style,
}  # fmt: skip
EDIT_KINDS = tuple(MAKERS)
