"""Edits of photographs by region: recoloured, covered with another stuff, restyled, painted anew, bent, darkened."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from editjudge.types import ALL, EditIntent, Floats, Image
from photographs.compose import blend
from studio.differences.cut_outs import photographs
from studio.differences.nuisances import draw_field
from studio.differences.regions import draw_outline, find_parts, soften
from studio.differences.stage import PlannedChange, Stage, Wish, take
from studio.edits.instructions import instruct
from studio.renderer.backgrounds import photo_crop
from studio.renderer.paint import recolour, restyle
from studio.renderer.world import COLOURS, STYLES

RegionEdit = Callable[[np.random.Generator, Stage], Stage | None]
Painter = Callable[[np.random.Generator, Stage, Image], Image]
BEHIND = 0.3
"""The share of regions, where objects stand before the photograph and no part of it was chosen, that are all of it."""
SMOOTH_STYLES = tuple(style for style in STYLES if style != "pixel")


def _hue(rng: np.random.Generator, stage: Stage, picture: Image) -> Image:
    """In other hues, light and shade kept."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + int(rng.integers(25, 156))) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.9, 1.6) + rng.uniform(20, 70), 0, 255)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def _ink(rng: np.random.Generator, stage: Stage, picture: Image) -> Image:
    """In one colour, light and shade kept."""
    return recolour(picture, COLOURS[str(rng.choice(list(COLOURS)))])


def _stuff(rng: np.random.Generator, stage: Stage, picture: Image) -> Image:
    """What another photograph shows."""
    names = photographs(stage.held_out)
    height, width = picture.shape[:2]
    other = photo_crop(names[int(rng.integers(len(names)))], rng, max(height, width))[:height, :width]
    if rng.random() < 0.5:
        return np.ascontiguousarray(other)
    light = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None]
    return np.asarray(np.clip(other * (0.5 + light / 255), 0, 255), np.uint8)


def _restyle(picture: Image, style: str) -> Image:
    return np.asarray(restyle(np.asarray(picture / 255, np.float32), style) * 255 + 0.5, np.uint8)


def _style(rng: np.random.Generator, stage: Stage, picture: Image) -> Image:
    """In a style."""
    way = rng.random()
    if way < 0.6:
        style = str(rng.choice(SMOOTH_STYLES))
        return _restyle(picture, style)
    if way < 0.8:
        smooth = cv2.bilateralFilter(picture, 9, 60, 5)
        step = int(rng.choice([24, 32, 48]))
        return np.asarray(smooth // step * step + step // 2, np.uint8)
    return np.asarray(
        cv2.edgePreservingFilter(picture, flags=1, sigma_s=30, sigma_r=float(rng.uniform(0.3, 0.6))), np.uint8
    )


def _paint_anew(rng: np.random.Generator, stage: Stage, picture: Image) -> Image:
    """As by a diffusion model: coarse shapes and tones are kept, what is finer is other."""
    height, width = picture.shape[:2]
    sigma = float(rng.uniform(2.5, 8))
    coarse = cv2.GaussianBlur(picture, (0, 0), sigma).astype(np.float32)
    fine = picture - coarse
    cells = max(4, int(max(height, width) / sigma / rng.uniform(0.8, 2)))
    noise = draw_field(rng, height, width, cells) * rng.uniform(8, 30)
    moved = np.roll(fine, tuple(rng.integers(-25, 26, 2)), (0, 1)) * rng.uniform(0, 1)
    tone = np.dstack([draw_field(rng, height, width, 5) for _ in range(3)]) * rng.uniform(0, 14)
    return np.asarray(np.clip(coarse + noise[..., None] + moved + tone + 0.5, 0, 255), np.uint8)


def _bend(rng: np.random.Generator, stage: Stage, picture: Image) -> Image:
    """Its shapes bent, by much."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    reach, cells = rng.uniform(4, 9), int(rng.integers(6, 14))
    across, down = (draw_field(rng, height, width, cells) * np.float32(reach) for _ in range(2))
    return np.asarray(
        cv2.remap(picture, columns + across, rows + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def _tone(rng: np.random.Generator, stage: Stage, picture: Image) -> Image:
    """Clearly darker, lighter, tinted, or blurred."""
    if rng.random() < 0.3:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(3, 9))), np.uint8)
    gain = rng.choice([rng.uniform(0.15, 0.6), rng.uniform(1.35, 1.8)])
    return np.asarray(np.clip(picture * gain + rng.uniform(-30, 30, 3), 0, 255), np.uint8)


PAINTERS: dict[str, Painter] = {
    "hue": _hue, "ink": _ink, "stuff": _stuff, "style": _style, "paint_anew": _paint_anew, "bend": _bend, "tone": _tone,
}  # fmt: skip


def _draw_region(rng: np.random.Generator, stage: Stage) -> Floats | None:
    """float32[H, W], soft: a free part of the photograph, one of any outline, or all but what stands before it."""
    if rng.random() < 0.6:
        parts = [part for part in find_parts(rng, stage.edited) if stage.is_free(part)]
        if parts:
            return soften(rng, parts[int(rng.integers(len(parts)))])
    if rng.random() < BEHIND and stage.taken.any() and not stage.changes:
        return 1 - soften(rng, stage.taken)
    for _ in range(12):
        outline = draw_outline(rng, stage.size)
        if stage.is_free(outline > 0):
            return outline
    return None


def paint_region(rng: np.random.Generator, stage: Stage) -> Stage | None:
    """A region that looks otherwise than it did, in any of the ways."""
    region = _draw_region(rng, stage)
    if region is None:
        return None
    painted = PAINTERS[str(rng.choice(list(PAINTERS)))](rng, stage, stage.edited)
    if rng.random() < 0.25:  # what was painted is as it should be, and the edit undoes that
        original = blend(stage.original, painted, region)
        return take(stage, original, stage.edited, (PlannedChange("EDIT", region > 0),), None)
    return take(stage, stage.original, blend(stage.edited, painted, region), (PlannedChange("EDIT", region > 0),), None)


def restyle_all(rng: np.random.Generator, stage: Stage) -> Stage | None:
    """All of the picture in another style; what else was changed stays so."""
    whole = np.ones(stage.size, bool)
    style = str(rng.choice(SMOOTH_STYLES))
    edited, words = _restyle(stage.edited, style), STYLES[style]
    wish = Wish(instruct(rng, "style", attribute=words), EditIntent("style", ALL, words))
    return take(stage, stage.original, edited, (PlannedChange("EDIT", whole),), wish)


REGION_EDITS: dict[str, RegionEdit] = {"paint_region": paint_region, "restyle_all": restyle_all}
