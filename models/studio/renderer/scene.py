"""Scenes of the studio's world: described as data, and rendered with their exact boxes and masks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.types import Image
from studio.renderer.backgrounds import KINDS, Background, draw_background, random_background
from studio.renderer.paint import recolour, restyle, texture
from studio.renderer.sprites import sprite
from studio.renderer.world import COLOURS, NAMES, TEXTURES


@dataclass(frozen=True)
class Item:
    """One object: centre and longest side as fractions of the canvas, angle in degrees."""

    name: str
    x: float
    y: float
    size: float
    angle: float = 0.0
    flip: bool = False
    colour: str | None = None
    texture: str | None = None

    @property
    def phrase(self) -> str:
        """The noun phrase that names this object with its attribute, as "blue car"."""
        return " ".join(word for word in (self.colour, self.texture, self.name) if word)


@dataclass(frozen=True)
class Scene:
    """A background, objects from back to front, and the light and style of the whole."""

    background: Background
    items: tuple[Item, ...]
    shadow: float = 0.0
    style: str | None = None


@dataclass(frozen=True)
class Rendered:
    """A picture and what is in it.

    Attributes:
        image: uint8[S, S, 3] RGB.
        masks: bool[N, S, S], the visible part of each item.
        boxes: float32[N, 4] x0, y0, x1, y1 in pixels, around the visible part; zeros for a hidden item.
        visible: float32[N], the share of each item that is neither covered nor outside the canvas.
    """

    image: Image
    masks: NDArray[np.bool_]
    boxes: NDArray[np.float32]
    visible: NDArray[np.float32]


@lru_cache(maxsize=4096)
def _paint_sprite(name: str, colour: str | None, pattern: str | None) -> NDArray[np.uint8]:
    rgba = sprite(name)
    rgb = rgba[..., :3]
    if colour is not None:
        rgb = recolour(rgb, COLOURS[colour])
    if pattern is not None:
        rgb = texture(rgb, pattern)
    return np.dstack([rgb, rgba[..., 3]])


def _draw_item(item: Item, canvas: int) -> tuple[NDArray[np.float32], float]:
    """The item on an empty canvas, float32[S, S, 4] with premultiplied colour, and its full area in pixels."""
    source = _paint_sprite(item.name, item.colour, item.texture)
    height, width = source.shape[:2]
    scale = item.size * canvas / max(height, width)
    if scale < 1.0:
        shrunk = (max(2, round(width * scale)), max(2, round(height * scale)))
        source = cv2.resize(source, shrunk, interpolation=cv2.INTER_AREA)
        height, width = source.shape[:2]
        scale = 1.0
    if item.flip:
        source = source[:, ::-1]
    premultiplied = source.astype(np.float32) / 255.0
    premultiplied[..., :3] *= premultiplied[..., 3:]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), item.angle, scale)
    turn[:, 2] += np.array([item.x * canvas - width / 2, item.y * canvas - height / 2])
    layer = cv2.warpAffine(premultiplied, turn, (canvas, canvas), flags=cv2.INTER_LINEAR)
    return layer, float((premultiplied[..., 3] > 0.5).sum()) * scale * scale


def render(scene: Scene, canvas: int) -> Rendered:
    """Draws a scene on a square canvas of the given side in pixels."""
    picture = draw_background(scene.background, canvas).astype(np.float32) / 255.0
    count = len(scene.items)
    masks = np.zeros((count, canvas, canvas), dtype=bool)
    full = np.ones(count, dtype=np.float32)
    for index, item in enumerate(scene.items):
        layer, full[index] = _draw_item(item, canvas)
        alpha = layer[..., 3:]
        if scene.shadow:
            reach = max(2, round(item.size * canvas * 0.08))
            shifted = cv2.warpAffine(alpha, np.float32([[1, 0, reach * 0.6], [0, 1, reach]]), (canvas, canvas))
            picture *= 1.0 - scene.shadow * cv2.blur(shifted, (reach, reach))[..., None]
        picture = layer[..., :3] + picture * (1.0 - alpha)
        solid = alpha[..., 0] > 0.5
        masks[:index] &= ~solid
        masks[index] = solid
    if scene.style is not None:
        picture = restyle(picture, scene.style)
    visible = masks.sum(axis=(1, 2)).astype(np.float32) / np.maximum(full, 1.0)
    image = np.clip(picture * 255.0 + 0.5, 0, 255).astype(np.uint8)
    return Rendered(image, masks, boxes_of(masks), np.minimum(visible, 1.0))


def boxes_of(masks: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Tight boxes float32[N, 4] (x0, y0, x1, y1, pixels, ends exclusive) of bool[N, H, W]; zeros for an empty mask."""
    boxes = np.zeros((len(masks), 4), dtype=np.float32)
    for index, mask in enumerate(masks):
        columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        if len(columns):
            boxes[index] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return boxes


@dataclass(frozen=True)
class SceneRules:
    """What random scenes look like.

    Attributes:
        count: The least and the most objects.
        size: The least and the greatest longest side of an object, as a share of the canvas.
        overlap: The greatest share of the smaller of two objects that may overlap.
        painted: The share of objects that are recoloured or textured.
        names: The objects to draw from.
        held_out: Whether backgrounds may be the photographs that no training sees, instead of the others.
        backgrounds: The kinds of backgrounds to draw from.
        photos: The paths of photographs for backgrounds, in place of those that scikit-image carries.
        cut: How far an object's middle may be nearer to the border than its own edge, as a share of its size.
        alike: How often a further object has the name of the first.
    """

    count: tuple[int, int] = (2, 5)
    size: tuple[float, float] = (0.2, 0.42)
    overlap: float = 0.15
    painted: float = 0.4
    names: tuple[str, ...] = field(default=NAMES)
    held_out: bool = False
    backgrounds: tuple[str, ...] = KINDS
    photos: tuple[str, ...] = ()
    cut: float = 0.0
    alike: float = 0.0


def random_item(rng: np.random.Generator, rules: SceneRules, name: str | None = None) -> Item:
    """An object, of any name unless one is given, somewhere on the canvas."""
    size = float(rng.uniform(*rules.size))
    colour = pattern = None
    if rng.random() < rules.painted:
        if rng.random() < 0.65:
            colour = str(rng.choice(list(COLOURS)))
        else:
            pattern = str(rng.choice(TEXTURES))
    margin = size * (0.45 - rules.cut)
    return Item(
        name=name or str(rng.choice(rules.names)),
        x=float(rng.uniform(margin, 1 - margin)),
        y=float(rng.uniform(margin, 1 - margin)),
        size=size,
        angle=float(rng.uniform(-12, 12)),
        flip=bool(rng.random() < 0.5),
        colour=colour,
        texture=pattern,
    )


def _covers(one: Item, other: Item) -> float:
    """The overlap of two items' squares as a share of the smaller."""
    width = min(one.x + one.size / 2, other.x + other.size / 2) - max(one.x - one.size / 2, other.x - other.size / 2)
    height = min(one.y + one.size / 2, other.y + other.size / 2) - max(one.y - one.size / 2, other.y - other.size / 2)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / min(one.size, other.size) ** 2


def fits(item: Item, others: tuple[Item, ...], overlap: float) -> bool:
    """Whether the item overlaps none of the others by more than the given share."""
    return all(_covers(item, other) <= overlap for other in others)


def random_scene(rng: np.random.Generator, rules: SceneRules = SceneRules()) -> Scene:
    """A scene of objects; with different names, unless the rules have some alike."""
    wanted = int(rng.integers(rules.count[0], rules.count[1] + 1))
    items: tuple[Item, ...] = ()
    for name in rng.choice(rules.names, size=wanted, replace=False):
        if items and rules.alike and rng.random() < rules.alike:
            name = items[0].name  # noqa: PLW2901
        for _ in range(20):
            item = random_item(rng, rules, str(name))
            if fits(item, items, rules.overlap):
                items += (item,)
                break
    shadow = float(rng.uniform(0.2, 0.5)) if rng.random() < 0.6 else 0.0
    background = random_background(rng, rules.held_out, rules.backgrounds, rules.photos)
    return Scene(background, items, shadow)
