"""Pairs of photographs: edited, taken at two moments, or not edited at all."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from editjudge.types import EditIntent, Image
from studio.differences.cut_outs import draw_cut_out, lay, photographs
from studio.differences.nuisances import draw_field, inflict_nuisances
from studio.differences.object_edits import OBJECT_EDITS, find_room
from studio.differences.pair import LabelledPair
from studio.differences.region_edits import REGION_EDITS
from studio.differences.stage import Stage, Wish, keep
from studio.edits.instructions import instruct
from studio.renderer.backgrounds import photo
from studio.renderer.photographs import crop_photograph

SIDES = (256, 320, 400)
"""Pixels of the longest side of a pair."""
EDITS = {**OBJECT_EDITS, **REGION_EDITS}
EDITED = {
    "add": 0.18, "remove": 0.16, "remove_part": 0.08, "move": 0.1, "resize": 0.09, "exchange": 0.09, "repaint": 0.09,
    "paint_region": 0.17, "restyle_all": 0.04,
}  # fmt: skip
"""How often each kind of edit comes first in a pair, and, but for the last one, after others."""
MOMENTS = {"add": 0.3, "remove": 0.3, "move": 0.15, "resize": 0.08, "exchange": 0.1, "repaint": 0.07}
"""The same of what differs from one moment to the next."""
COUNTS = (0.48, 0.27, 0.13, 0.08, 0.04)
"""How often a pair has one edit, two, and so on."""
ASKED, MISUNDERSTOOD = 0.75, 0.2
"""The share of pairs with an instruction where there can be one, and of those the share that does not do as it says."""
DRIFTED = 0.85
"""The share of edited pairs with nuisances."""
FAILED = 10
"""Tries after which a pair gets no more edits."""


def draw_photograph(rng: np.random.Generator, held_out: bool) -> Image:
    """uint8[H, W, 3]: a photograph or a part of one, mirrored half of the time, its longest side one of SIDES."""
    names = photographs(held_out)
    picture = photo(names[int(rng.integers(len(names)))])
    if rng.random() < 0.5:
        picture = crop_photograph(rng, picture)
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    scale = int(rng.choice(SIDES)) / max(picture.shape[:2])
    size = tuple(max(48, round(side * scale)) for side in picture.shape[1::-1])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(picture, size, interpolation=way), np.uint8)


def _set_up(rng: np.random.Generator, held_out: bool) -> Stage:
    """A photograph on both sides, some with objects put in that stay."""
    picture = draw_photograph(rng, held_out)
    stage = Stage(picture, picture, (), np.zeros(picture.shape[:2], bool), held_out)
    for _ in range(int(rng.choice(3, p=[0.6, 0.25, 0.15]))):
        cut_out = draw_cut_out(rng, held_out)
        place = find_room(rng, stage, cut_out)
        if place is not None:
            stage = keep(stage, lay(cut_out, place, stage.size))
    return stage


def _edit(rng: np.random.Generator, stage: Stage, kinds: dict[str, float], count: int) -> tuple[Stage, tuple[str, ...]]:
    """The stage after so many edits of these kinds, as far as there is room; and what was done."""
    done: tuple[str, ...] = ()
    shares = np.array(list(kinds.values()))
    for _ in range(count + FAILED):
        kind = str(rng.choice(list(kinds), p=shares / shares.sum()))
        if kind == "restyle_all" and len(done) < count - 1:  # it comes last
            continue
        after = EDITS[kind](rng, stage)
        if after is not None:
            stage, done = after, (*done, kind)
        if len(done) == count or kind == "restyle_all":
            break
    return stage, done


def draw_composite(rng: np.random.Generator, held_out: bool) -> LabelledPair:
    """A photograph and what became of it by one to five edits."""
    count = 1 + int(rng.choice(len(COUNTS), p=COUNTS))
    stage, done = _edit(rng, _set_up(rng, held_out), EDITED, count)
    wish = stage.wish if rng.random() < ASKED else None
    asked = 2 if done[:1] == ("move",) else 1
    if wish is not None and rng.random() < MISUNDERSTOOD:
        wish, asked = _wish_otherwise(rng, stage), 0
    changes = tuple(
        change if wish is None else replace(change, coherent=index < asked)
        for index, change in enumerate(stage.changes)
    )
    drifted = rng.random() < DRIFTED
    edited = inflict_nuisances(rng, stage.edited) if drifted else stage.edited
    instruction, intents = (None, ()) if wish is None else (wish.instruction, (wish.intent,))
    return LabelledPair(stage.original, edited, changes, instruction, intents, f"composites/{'+'.join(done) or 'none'}")


def _wish_otherwise(rng: np.random.Generator, stage: Stage) -> Wish:
    """What none of the changes is: another object to be added."""
    there = {change.element for change in stage.changes}
    while True:
        name = draw_cut_out(rng, stage.held_out).name
        if name is not None and name not in there:
            return Wish(instruct(rng, "add", target=name), EditIntent("add", None, name))


def draw_photograph_moments(rng: np.random.Generator, held_out: bool) -> LabelledPair:
    """A photograph at two moments: objects came, went and moved, and the camera did a little as well."""
    stage, _ = _edit(rng, _set_up(rng, held_out), MOMENTS, int(rng.integers(1, 7)))
    return LabelledPair(
        stage.original, inflict_nuisances(rng, sway(rng, stage.edited)), stage.changes, None, (), "alike/photograph"
    )


def draw_unedited_photograph(rng: np.random.Generator, held_out: bool) -> LabelledPair:
    """A photograph, and what nuisances left of it."""
    stage = _set_up(rng, held_out)
    return LabelledPair(stage.original, inflict_nuisances(rng, stage.edited, 4), (), None, (), "nuisances/photograph")


def sway(rng: np.random.Generator, picture: Image) -> Image:
    """The picture uint8[H, W, 3] as from a little elsewhere: each place shifted by up to some 3 pixels."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    reach = np.float32(rng.uniform(0, 1.5))
    across, down = (np.clip(draw_field(rng, height, width, 3) * reach, -3, 3) for _ in range(2))
    return np.asarray(
        cv2.remap(picture, columns + across, rows + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8
    )
