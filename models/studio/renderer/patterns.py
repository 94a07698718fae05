"""Backgrounds full of edges and colours, as objects stand on in few scenes and in many pictures.

Each is a function of a generator and the side of the canvas in pixels; it gives float32[S, S, 3], 0 to 255.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from editjudge.types import Floats

WORDS = ("printed", "here", "and", "nobody", "read", "it", "twice", "the", "paper", "of", "seven", "days")  # fmt: skip


def _palette(rng: np.random.Generator, count: int) -> Floats:
    """Colours of one mood, float32[count, 3]."""
    mood, spread = rng.uniform(40, 220, 3), rng.uniform(10, 90)
    return np.clip(mood + rng.uniform(-spread, spread, (count, 3)), 0, 255).astype(np.float32)


def _plain(rng: np.random.Generator, canvas: int) -> Floats:
    return np.broadcast_to(_palette(rng, 1)[0], (canvas, canvas, 3)).copy()


def _grid(rng: np.random.Generator, canvas: int) -> tuple[Floats, Floats]:
    """The places of all pixels, x and y, 0 to 1, turned by any angle."""
    y, x = np.mgrid[0:canvas, 0:canvas].astype(np.float32) / canvas
    angle = rng.uniform(0, np.pi) if rng.random() < 0.5 else 0.0
    return (x * np.cos(angle) + y * np.sin(angle)).astype(np.float32), (y * np.cos(angle) - x * np.sin(angle)).astype(
        np.float32
    )


def _shade(rng: np.random.Generator, picture: Floats) -> Floats:
    """Light that falls from one side."""
    y, x = np.mgrid[0 : len(picture), 0 : len(picture)].astype(np.float32) / len(picture) - 0.5
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    return picture * (1 + strength * (x * np.cos(angle) + y * np.sin(angle)))[..., None]


def draw_tiles(rng: np.random.Generator, canvas: int) -> Floats:
    """Square or brick-like tiles of a few colours, with joints."""
    x, y = _grid(rng, canvas)
    rows = rng.uniform(3, 14)
    columns = rows * rng.choice([1.0, 1.0, 0.5])
    row = np.floor(y * rows).astype(int)
    across = x * columns + (row % 2) * rng.choice([0.0, 0.5])
    column = np.floor(across).astype(int)
    colours = _palette(rng, int(rng.integers(2, 6)))
    pick = rng.integers(0, len(colours), (64, 64)) if rng.random() < 0.5 else np.add.outer(range(64), range(64))
    picture = colours[pick[row % 64, column % 64] % len(colours)]
    joint = (np.abs(y * rows % 1 - 0.5) > 0.46) | (np.abs(across % 1 - 0.5) > 0.46)
    picture[joint] = _palette(rng, 1)[0]
    return picture


def draw_mosaic(rng: np.random.Generator, canvas: int) -> Floats:
    """Cells round scattered points, each in one colour."""
    points = rng.uniform(-0.05, 1.05, (int(rng.integers(20, 160)), 2)) * canvas
    colours = _palette(rng, len(points))
    seeds = np.full((canvas, canvas), 255, np.uint8)
    for x, y in points.astype(int).clip(0, canvas - 1):
        seeds[y, x] = 0
    _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    picture = colours[labels % len(colours)]
    edge = (cv2.morphologyEx(labels.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0)[..., None]
    return np.where(edge & (rng.random() < 0.6), np.float32(rng.uniform(0, 255)), picture)


def draw_map(rng: np.random.Generator, canvas: int) -> Floats:
    """Land, water, roads and contour lines."""
    cells = int(rng.integers(4, 9))
    height = cv2.resize(rng.standard_normal((cells, cells)).astype(np.float32), (canvas, canvas), cv2.INTER_CUBIC)
    land = _palette(rng, 4)
    picture = land[np.clip(np.floor(height * 1.3 + 2), 0, 3).astype(int)]
    if rng.random() < 0.6:
        picture[np.abs(height * rng.uniform(3, 8) % 1 - 0.5) < 0.06] *= 0.7
    for _ in range(int(rng.integers(3, 14))):
        corners = (rng.uniform(-0.1, 1.1, (int(rng.integers(2, 5)), 2)) * canvas).astype(np.int32)
        ink, width = rng.uniform(0, 255, 3).tolist(), max(1, round(canvas * rng.uniform(0.004, 0.02)))
        cv2.polylines(picture, [corners], False, ink, width, cv2.LINE_AA)
    return picture


def draw_text(rng: np.random.Generator, canvas: int) -> Floats:
    """A printed page, or a screen."""
    picture = _plain(rng, canvas)
    picture = picture * 0.3 + 180 if rng.random() < 0.7 else picture * 0.3
    ink = [float(rng.uniform(0, 90))] * 3 if picture.mean() > 128 else rng.uniform(120, 255, 3).tolist()
    scale = canvas / 320 * rng.uniform(0.3, 1.1)
    line = scale * 40
    left = canvas * rng.uniform(-0.2, 0.1)
    font = int(rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_DUPLEX]))
    page = np.ascontiguousarray(np.clip(picture, 0, 255), np.uint8)
    for row in range(int(canvas / line) + 2):
        words = " ".join(rng.choice(WORDS, 12))
        cv2.putText(page, words, (int(left), int(row * line)), font, scale, ink, max(1, round(scale * 2)))
    return page.astype(np.float32)


def draw_fabric(rng: np.random.Generator, canvas: int) -> Floats:
    """Checked or striped cloth with its threads."""
    x, y = _grid(rng, canvas)
    colours = _palette(rng, 3)
    picture = np.broadcast_to(colours[0], (canvas, canvas, 3)).copy()
    for axis in (x, y) if rng.random() < 0.6 else (x,):
        for colour in colours[1:]:
            stripe = (axis * rng.uniform(2, 12) + rng.uniform(0, 1)) % 1 < rng.uniform(0.1, 0.6)
            picture[stripe] = 0.5 * picture[stripe] + 0.5 * colour
    threads = 6 * np.sin(2 * np.pi * rng.uniform(30, 80) * (x + y))
    return picture + threads[..., None]


def draw_shapes(rng: np.random.Generator, canvas: int) -> Floats:
    """Discs, boxes and triangles of all colours, as on wrapping paper or in a child's room."""
    picture = np.ascontiguousarray(_plain(rng, canvas), np.float32)
    for _ in range(int(rng.integers(8, 60))):
        centre, reach = rng.uniform(0, canvas, 2), canvas * rng.uniform(0.01, 0.14)
        ink = rng.uniform(0, 255, 3).tolist()
        if rng.random() < 0.5:
            cv2.circle(picture, centre.astype(int).tolist(), max(1, int(reach)), ink, -1, cv2.LINE_AA)
        else:
            corners = (centre + rng.uniform(-reach, reach, (int(rng.integers(3, 6)), 2))).astype(np.int32)
            cv2.fillPoly(picture, [cv2.convexHull(corners)], ink, cv2.LINE_AA)
    return cv2.GaussianBlur(picture, (0, 0), canvas * rng.uniform(0.01, 0.04)) if rng.random() < 0.3 else picture


def draw_foliage(rng: np.random.Generator, canvas: int) -> Floats:
    """Leaves over each other."""
    picture = np.ascontiguousarray(_plain(rng, canvas), np.float32)
    colours = _palette(rng, 12)
    for _ in range(int(rng.integers(120, 260))):
        centre, reach = rng.uniform(0, canvas, 2).astype(int).tolist(), canvas * rng.uniform(0.03, 0.08)
        axes, angle = (max(1, int(reach)), max(1, int(reach * 0.35))), float(rng.uniform(0, 180))
        cv2.ellipse(picture, centre, axes, angle, 0, 360, colours[rng.integers(12)].tolist(), -1, cv2.LINE_AA)
    return picture


def draw_skyline(rng: np.random.Generator, canvas: int) -> Floats:
    """Houses with lit windows before a sky."""
    sky = _palette(rng, 2)
    share = np.linspace(0, 1, canvas, dtype=np.float32)[:, None, None]
    picture = np.ascontiguousarray(np.broadcast_to(sky[0] + (sky[1] - sky[0]) * share, (canvas, canvas, 3)), np.float32)
    for _ in range(int(rng.integers(6, 16))):
        left, wide = int(rng.uniform(-0.1, 1) * canvas), int(rng.uniform(0.08, 0.25) * canvas)
        top = int(rng.uniform(0.2, 0.8) * canvas)
        wall, lit = rng.uniform(20, 170, 3).tolist(), rng.uniform(100, 255, 3).tolist()
        cv2.rectangle(picture, (left, top), (left + wide, canvas), wall, -1)
        step = max(4, canvas // int(rng.integers(16, 40)))
        for y in range(top + step, canvas, 2 * step):
            for x in range(left + step // 2, left + wide - step, 2 * step):
                cv2.rectangle(picture, (x, y), (x + step, y + step), lit, -1)
    return picture


def draw_waves(rng: np.random.Generator, canvas: int) -> Floats:
    """Waves of three colours through each other."""
    y, x = np.mgrid[0:canvas, 0:canvas].astype(np.float32) / canvas
    planes = []
    for _ in range(3):
        one, other = rng.uniform(-14, 14, 2), rng.uniform(4, 30)
        centre = rng.uniform(0, 1, 2)
        ring = np.hypot(x - centre[0], y - centre[1])
        planes.append(127 + 60 * np.sin(one[0] * x + one[1] * y) + 50 * np.sin(other * ring))
    return np.stack(planes, axis=2).astype(np.float32)


PATTERNS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "tiles": draw_tiles,
    "mosaic": draw_mosaic,
    "map": draw_map,
    "text": draw_text,
    "fabric": draw_fabric,
    "shapes": draw_shapes,
}
"""Those that the models are trained with."""
PATTERNS_HELD_OUT: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "foliage": draw_foliage,
    "skyline": draw_skyline,
    "waves": draw_waves,
}
"""Kinds that no training sees."""


def draw_pattern(kind: str, rng: np.random.Generator, canvas: int) -> Floats:
    """One of `PATTERNS` or `PATTERNS_HELD_OUT`."""
    return _shade(rng, (PATTERNS | PATTERNS_HELD_OUT)[kind](rng, canvas))
