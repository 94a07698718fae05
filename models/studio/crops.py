"""Training material of the studio's CLIP: crops of objects and whole pictures, before and after edits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.clip_phrases import ATTRIBUTES, NOTHING, PHOTOGRAPH_ID, phrase_id, style_id
from studio.damage import Flaw, inflict, slight
from studio.paint import restyle
from studio.photographs import photograph
from studio.scene import Image, Item, Rendered, Scene, SceneRules, random_item, random_scene, render
from studio.world import COLOURS, NAMES, STYLES, TEXTURES

SIDE = 64
GROWN = 1.2
CHOICES = 9
"""Directions that a pair is offered: the right one, and wrong ones."""

Direction = tuple[int, int]
"""Phrase numbers of source and target, NOTHING where there is none."""


@dataclass
class Batch:
    """Pictures and what is to be learnt from them. Lists while it is filled; see `arrays`.

    images: uint8[SIDE, SIDE, 3] each. labels: per image the number of its phrase, or NOTHING.
    pairs: indices of (original, edited) images. kinds: per pair what was done.
    choices: per pair CHOICES directions, the first the right one; for the kinds "still" and "content" all are wrong.
    contents: per whole picture its image index and the phrase numbers it shows.
    """

    images: list[Image] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    choices: list[list[Direction]] = field(default_factory=list)
    contents: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    def show(self, image: Image, label: int = NOTHING) -> int:
        self.images.append(image)
        self.labels.append(label)
        return len(self.images) - 1

    def pair(self, kind: str, before: int, after: int, choices: list[Direction]) -> None:
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
    """The picture as it comes back from disk or an editing model; with the chance `strong`, with much grain added."""
    chance = rng.random()
    if chance < 0.4:
        return image
    if chance < 0.4 + strong:
        return inflict(image, Flaw("grain", int(rng.integers(2**31)), float(rng.uniform(5, 45))))
    if chance < 0.8:
        return inflict(image, slight(rng))
    return cv2.convertScaleAbs(image, alpha=float(rng.uniform(0.85, 1.15)), beta=float(rng.uniform(-12, 12)))


def _wrong(rng: np.random.Generator, right: Direction, makers: list[Callable[[], Direction]]) -> list[Direction]:
    """The right direction, and wrong ones from each maker in turn, without repeats."""
    chosen, turn = [right], 0
    while len(chosen) < CHOICES:
        direction = makers[turn % len(makers)]()
        turn += 1
        if direction not in chosen:
            chosen.append(direction)
    return chosen


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
        shown = after
        return _wrong(rng, (NOTHING, _phrase(shown)), [
            lambda: (NOTHING, phrase_id(other_name(), _attribute(shown))),
            lambda: (NOTHING, phrase_id(other_name())),
            lambda: (NOTHING, phrase_id(shown.name, other_attribute(but=shown))),
            lambda: (phrase_id(other_name()), NOTHING),
        ])  # fmt: skip
    if before is None:
        raise ValueError("an edit needs an object before or after")
    was = _phrase(before) if rng.random() < 0.5 else phrase_id(before.name)
    if after is None:
        return _wrong(rng, (was, NOTHING), [
            lambda: (phrase_id(other_name(), _attribute(before)), NOTHING),
            lambda: (was, phrase_id(other_name())),
            lambda: (was, phrase_id(before.name, other_attribute(but=before))),
            lambda: (NOTHING, phrase_id(other_name())),
        ])  # fmt: skip
    if kind == "still":
        kind, after = "paint", replace(before, colour=None, texture=other_attribute(but=before))
    if kind == "replace":
        return _wrong(rng, (was, _phrase(after)), [
            lambda: (was, phrase_id(other_name(), _attribute(after))),
            lambda: (was, phrase_id(other_name())),
            lambda: (was, phrase_id(before.name, other_attribute(but=before))),
            lambda: (was, phrase_id(after.name, other_attribute(but=after))),
        ])  # fmt: skip
    return _wrong(rng, (was, _phrase(after)), [
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
TRAINING_RULES = replace(RULES, painted=0.7)  # the shape of a painted object is what takes longest to learn


def add_scene(rng: np.random.Generator, batch: Batch, rules: SceneRules, wholes: bool, reach: float) -> None:
    """Puts the objects of a random scene into the batch, before and after each of them is edited in its own way."""
    scene = random_scene(rng, rules)
    taken = {item.name for item in scene.items}
    edits = [edited_item(rng, item, taken, rules) for item in scene.items]
    places = np.cumsum([after is not None for _, after in edits]) - 1
    canvas = int(rng.choice([128, 160, 192, 256], p=[0.3, 0.35, 0.25, 0.1]))
    before = render(scene, canvas)
    after = render(replace(scene, items=tuple(item for _, item in edits if item is not None)), canvas)
    shown, changed = disturb(rng, before.image, 0.05), disturb(rng, after.image)

    def cut(image: Image, rendered: Rendered, index: int) -> Image:
        return crop(image, jitter(rng, rendered.boxes[index], reach if rng.random() < 0.7 else 0.01))

    for index, (item, (kind, fresh)) in enumerate(zip(scene.items, edits, strict=True)):
        if before.visible[index] < 0.5 or (fresh is not None and after.visible[places[index]] < 0.5):
            continue
        if fresh is None:
            box = jitter(rng, before.boxes[index], reach)
            there, gone = batch.show(crop(shown, box), _phrase(item)), batch.show(crop(changed, box))
            if rng.random() < 0.5:
                batch.pair("remove", there, gone, choices_of(rng, kind, item, None))
            else:
                batch.pair("add", gone, there, choices_of(rng, kind, None, item))
            continue
        first = batch.show(cut(shown, before, index), _phrase(item))
        second = batch.show(cut(changed, after, int(places[index])), _phrase(fresh))
        batch.pair(kind, first, second, choices_of(rng, kind, item, fresh))
    if wholes:
        add_whole(rng, batch, shown, after.image, scene)


def _style_choices(rng: np.random.Generator, style: str) -> list[Direction]:
    others = [(NOTHING, style_id(other)) for other in STYLES if other != style]
    return _wrong(rng, (NOTHING, style_id(style)), [
        lambda: others.pop() if others else (NOTHING, phrase_id(str(rng.choice(NAMES)))),
    ])  # fmt: skip


def styled(image: Image, style: str) -> Image:
    """uint8[H, W, 3]: the picture in a style."""
    return np.clip(restyle(image.astype(np.float32) / 255.0, style) * 255.0 + 0.5, 0, 255).astype(np.uint8)


def add_whole(rng: np.random.Generator, batch: Batch, image: Image, changed: Image, scene: Scene) -> None:
    """Puts a whole picture into the batch, and beside it the same in a style, or with its content changed instead."""
    names = tuple(phrase_id(item.name) for item in scene.items)
    style = str(rng.choice(list(STYLES)))
    first = batch.show(whole(image))
    batch.contents.append((first, names))
    if rng.random() < 0.7:
        second = batch.show(whole(disturb(rng, styled(image, style))))
        batch.contents.append((second, names))
        batch.pair("style", first, second, _style_choices(rng, style))
    else:
        batch.pair("content", first, batch.show(whole(changed)), _style_choices(rng, style))


def add_photograph(rng: np.random.Generator, batch: Batch) -> None:
    """Puts a photograph into the batch, and now and then the same in a style."""
    image = photograph(rng)
    first = batch.show(whole(image))
    batch.contents.append((first, (PHOTOGRAPH_ID,)))
    if rng.random() < 0.3:
        style = str(rng.choice(list(STYLES)))
        second = batch.show(whole(styled(image, style)))
        batch.contents.append((second, (PHOTOGRAPH_ID,)))
        batch.pair("style", first, second, _style_choices(rng, style))


def make_batch(seed: int, index: int, images: int, photographs: int) -> Batch:
    """The index-th batch of a training run: about `images` pictures, `photographs` of them photographs.

    The same for the same seed and index.
    """
    rng = np.random.default_rng((seed, index))
    batch = Batch()
    for _ in range(photographs):
        add_photograph(rng, batch)
    while len(batch.images) < images:
        add_scene(rng, batch, TRAINING_RULES, wholes=rng.random() < 0.6, reach=0.08)
    return batch
