"""Training material of the studio's CLIP: crops of objects and whole pictures, before and after edits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.types import Image
from studio.clip.phrases import ATTRIBUTES, NOTHING, PHOTOGRAPH_ID, phrase_id, style_id
from studio.edits.damage import Flaw, inflict, slight
from studio.renderer.everyday import everyday_photographs, photographed_objects
from studio.renderer.paint import restyle
from studio.renderer.photographs import draw_foreign
from studio.renderer.scene import Item, Rendered, Scene, SceneRules, random_item, random_scene, render
from studio.renderer.varied import before_anything
from studio.renderer.world import COLOURS, NAMES, STYLES, TEXTURES

SIDE = 64
GROWN = 1.2
CHOICES = 9
"""Directions to choose from for a pair: the right one, and wrong ones."""

Direction = tuple[int, int]
"""The numbers of the phrases of source and target; NOTHING where there is none."""


@dataclass
class Batch:
    """Pictures, and what is to be learnt from them.

    Attributes:
        images: uint8[SIDE, SIDE, 3] each.
        labels: For every image the number of its phrase, or NOTHING.
        pairs: Indices of (original, edited) images.
        kinds: For every pair what was done.
        choices: For every pair CHOICES directions, the right one first; those of "still" and "content" are all wrong.
        contents: For every whole picture the index of its image, and the numbers of the phrases that it shows.
    """

    images: list[Image] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    choices: list[list[Direction]] = field(default_factory=list)
    contents: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    def add_image(self, image: Image, label: int = NOTHING) -> int:
        """Returns the index of the image."""
        self.images.append(image)
        self.labels.append(label)
        return len(self.images) - 1

    def add_pair(self, kind: str, before: int, after: int, choices: list[Direction]) -> None:
        self.pairs.append((before, after))
        self.kinds.append(kind)
        self.choices.append(choices)


def crop(image: Image, box: NDArray[np.float32]) -> Image:
    """uint8[SIDE, SIDE, 3]: the box (x0, y0, x1, y1, pixels) grown by GROWN, clipped and stretched."""
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2 * GROWN
    size = np.array(image.shape[1::-1])
    left, top = np.clip(np.floor(centre - half), 0, size - 1).astype(int)
    right, bottom = np.clip(np.ceil(centre + half), (left + 1, top + 1), size).astype(int)
    return cv2.resize(image[top:bottom, left:right], (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def whole(image: Image) -> Image:
    """uint8[SIDE, SIDE, 3]: the picture, stretched."""
    return cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def jitter(rng: np.random.Generator, box: NDArray[np.float32], reach: float) -> NDArray[np.float32]:
    """The box as a detector might find it: each edge off by up to `reach` of the side."""
    sides = np.tile(box[2:] - box[:2], 2)
    return (box + rng.uniform(-reach, reach, 4) * sides).astype(np.float32)


def disturb(rng: np.random.Generator, image: Image, strong: float = 0.1) -> Image:
    """The picture as it comes back from disk or an editing model; with the probability `strong`, with heavy grain."""
    chance = rng.random()
    if chance < 0.4:
        return image
    if chance < 0.4 + strong:
        return inflict(image, Flaw("grain", int(rng.integers(2**31)), float(rng.uniform(5, 45))))
    if chance < 0.8:
        return inflict(image, slight(rng))
    return cv2.convertScaleAbs(image, alpha=float(rng.uniform(0.85, 1.15)), beta=float(rng.uniform(-12, 12)))


def _with_wrong(right: Direction, makers: list[Callable[[], Direction]]) -> list[Direction]:
    """The right direction, and wrong ones from the makers in turn, without repeats."""
    choices, turn = [right], 0
    while len(choices) < CHOICES:
        direction = makers[turn % len(makers)]()
        turn += 1
        if direction not in choices:
            choices.append(direction)
    return choices


def _attribute(item: Item) -> str | None:
    return item.colour or item.texture


def _phrase(item: Item) -> int:
    return phrase_id(item.name, _attribute(item))


def choices_of(rng: np.random.Generator, kind: str, before: Item | None, after: Item | None) -> list[Direction]:
    """The direction of an edit of one object, then wrong ones: other attributes, other objects, other kinds of edit."""

    def other_name() -> str:
        return str(rng.choice([name for name in rng.choice(NAMES, 3, replace=False) if name not in taken]))

    def other_attribute(*, but: Item) -> str:
        return str(rng.choice([one for one in ATTRIBUTES if one not in (but.colour, but.texture)]))

    taken = {item.name for item in (before, after) if item}
    if before is None and after is not None:
        added = after
        return _with_wrong((NOTHING, _phrase(added)), [
            lambda: (NOTHING, phrase_id(other_name(), _attribute(added))),
            lambda: (NOTHING, phrase_id(other_name())),
            lambda: (NOTHING, phrase_id(added.name, other_attribute(but=added))),
            lambda: (phrase_id(other_name()), NOTHING),
        ])  # fmt: skip
    if before is None:
        raise ValueError("an edit needs an object before or after")
    was = _phrase(before) if rng.random() < 0.5 else phrase_id(before.name)
    if after is None:
        return _with_wrong((was, NOTHING), [
            lambda: (phrase_id(other_name(), _attribute(before)), NOTHING),
            lambda: (was, phrase_id(other_name())),
            lambda: (was, phrase_id(before.name, other_attribute(but=before))),
            lambda: (NOTHING, phrase_id(other_name())),
        ])  # fmt: skip
    if kind == "still":
        kind, after = "paint", replace(before, colour=None, texture=other_attribute(but=before))
    if kind == "replace":
        return _with_wrong((was, _phrase(after)), [
            lambda: (was, phrase_id(other_name(), _attribute(after))),
            lambda: (was, phrase_id(other_name())),
            lambda: (was, phrase_id(before.name, other_attribute(but=before))),
            lambda: (was, phrase_id(after.name, other_attribute(but=after))),
        ])  # fmt: skip
    return _with_wrong((was, _phrase(after)), [
        lambda: (was, phrase_id(after.name, other_attribute(but=after))),
        lambda: (was, phrase_id(after.name, str(rng.choice([c for c in COLOURS if c != after.colour])))),
        lambda: (was, phrase_id(after.name, other_attribute(but=after))),
        lambda: (was, phrase_id(other_name(), _attribute(after))),
        lambda: (was, NOTHING),
        lambda: (was, phrase_id(other_name())),
    ])  # fmt: skip


def edited_item(rng: np.random.Generator, item: Item, taken: set[str], rules: SceneRules) -> tuple[str, Item | None]:
    """What becomes of one object, and the kind of that edit."""
    kind = str(rng.choice(["color", "texture", "replace", "remove", "still"], p=[0.33, 0.25, 0.22, 0.14, 0.06]))
    if kind == "remove":
        return kind, None
    if kind == "replace":
        fresh = random_item(rng, rules, str(rng.choice([name for name in rules.names if name not in taken])))
        return kind, replace(fresh, x=item.x, y=item.y, size=item.size * float(rng.uniform(0.85, 1.15)))
    if kind == "color":
        return kind, replace(item, colour=str(rng.choice([c for c in COLOURS if c != item.colour])), texture=None)
    if kind == "texture":
        return kind, replace(item, colour=None, texture=str(rng.choice([t for t in TEXTURES if t != item.texture])))
    return kind, item


RULES = SceneRules(count=(2, 5), size=(0.16, 0.46), overlap=0.1)
TRAINING_RULES = replace(RULES, painted=0.7)
"""The shapes of painted objects take longest to learn."""
ANYTHING = 0.6
"""The share of scenes before backgrounds of all kinds."""


def add_scene(rng: np.random.Generator, batch: Batch, rules: SceneRules, wholes: bool, reach: float) -> None:
    """Adds the objects of a random scene, before and after an edit of its own for every one of them.

    Args:
        rng: Draws the scene and the edits.
        batch: Where they are added.
        rules: What the scene looks like.
        wholes: Whether the whole picture is added, too.
        reach: How far the edges of the crops are off, as a share of the side.
    """
    scene = random_scene(rng, rules)
    taken = {item.name for item in scene.items}
    edits = [edited_item(rng, item, taken, rules) for item in scene.items]
    indices_after = np.cumsum([after is not None for _, after in edits]) - 1
    canvas = int(rng.choice([128, 160, 192, 256], p=[0.3, 0.35, 0.25, 0.1]))
    before = render(scene, canvas)
    after = render(replace(scene, items=tuple(item for _, item in edits if item is not None)), canvas)
    original, changed = disturb(rng, before.image, 0.05), disturb(rng, after.image)

    def cut(image: Image, rendered: Rendered, index: int) -> Image:
        return crop(image, jitter(rng, rendered.boxes[index], reach if rng.random() < 0.7 else 0.01))

    for index, (item, (kind, fresh)) in enumerate(zip(scene.items, edits, strict=True)):
        if before.visible[index] < 0.5 or (fresh is not None and after.visible[indices_after[index]] < 0.5):
            continue
        if fresh is None:
            box = jitter(rng, before.boxes[index], reach)
            there, gone = batch.add_image(crop(original, box), _phrase(item)), batch.add_image(crop(changed, box))
            if rng.random() < 0.5:
                batch.add_pair("remove", there, gone, choices_of(rng, kind, item, None))
            else:
                batch.add_pair("add", gone, there, choices_of(rng, kind, None, item))
            continue
        first = batch.add_image(cut(original, before, index), _phrase(item))
        second = batch.add_image(cut(changed, after, int(indices_after[index])), _phrase(fresh))
        batch.add_pair(kind, first, second, choices_of(rng, kind, item, fresh))
    if wholes:
        add_whole(rng, batch, original, after.image, scene)


def _style_choices(rng: np.random.Generator, style: str) -> list[Direction]:
    others = [(NOTHING, style_id(other)) for other in STYLES if other != style]
    return _with_wrong((NOTHING, style_id(style)), [
        lambda: others.pop() if others else (NOTHING, phrase_id(str(rng.choice(NAMES)))),
    ])  # fmt: skip


def render_style(image: Image, style: str) -> Image:
    """uint8[H, W, 3]: the picture in a style."""
    return np.clip(restyle(image.astype(np.float32) / 255.0, style) * 255.0 + 0.5, 0, 255).astype(np.uint8)


def add_whole(rng: np.random.Generator, batch: Batch, image: Image, changed: Image, scene: Scene) -> None:
    """Adds a whole picture, and as its edit the same in a style, or else with its content changed."""
    names = tuple(phrase_id(item.name) for item in scene.items)
    style = str(rng.choice(list(STYLES)))
    first = batch.add_image(whole(image))
    batch.contents.append((first, names))
    if rng.random() < 0.7:
        second = batch.add_image(whole(disturb(rng, render_style(image, style))))
        batch.contents.append((second, names))
        batch.add_pair("style", first, second, _style_choices(rng, style))
    else:
        batch.add_pair("content", first, batch.add_image(whole(changed)), _style_choices(rng, style))


@cache
def _foreign_files() -> tuple[list[Path], list[Path]]:
    """Photographs, and objects cut out of some, that training may see."""
    return everyday_photographs(held_out=False), photographed_objects(held_out=False)


def add_photograph(rng: np.random.Generator, batch: Batch) -> None:
    """Adds a photograph, or something else that is foreign, and sometimes as its edit the same in a style."""
    image = draw_foreign(rng, *_foreign_files())
    first = batch.add_image(whole(image))
    batch.contents.append((first, (PHOTOGRAPH_ID,)))
    if rng.random() < 0.3:
        style = str(rng.choice(list(STYLES)))
        second = batch.add_image(whole(render_style(image, style)))
        batch.contents.append((second, (PHOTOGRAPH_ID,)))
        batch.add_pair("style", first, second, _style_choices(rng, style))


def make_batch(seed: int, index: int, images: int, photographs: int) -> Batch:
    """The index-th batch of a training run, the same for the same seed and index.

    It has about `images` pictures, of which `photographs` are photographs.
    """
    rng = np.random.default_rng((seed, index))
    batch = Batch()
    for _ in range(photographs):
        add_photograph(rng, batch)
    while len(batch.images) < images:
        rules = before_anything(TRAINING_RULES) if rng.random() < ANYTHING else TRAINING_RULES
        add_scene(rng, batch, rules, wholes=rng.random() < 0.6, reach=0.08)
    return batch
