"""Pairs of every origin: drawn at random to train on, and a fixed set of held-out ones to measure with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from studio.differences.composites import draw_composite, draw_photograph_moments, draw_unedited_photograph
from studio.differences.pair import LabelledPair
from studio.differences.scene_pairs import draw_local_edit, draw_scene_edit, draw_scene_moments, draw_unedited_scene

DrawPair = Callable[[np.random.Generator, bool], LabelledPair]
ORIGINS: Mapping[str, DrawPair] = {
    "studio": draw_scene_edit, "composites": draw_composite, "unedited_scenes": draw_unedited_scene,
    "unedited_photographs": draw_unedited_photograph, "alike_scenes": draw_scene_moments,
    "alike_photographs": draw_photograph_moments,
}  # fmt: skip
EDITS = {"studio": 0.43, "composites": 0.43, "unedited_scenes": 0.07, "unedited_photographs": 0.07}
"""The shares of origins among pairs to train on that are edits,"""
ALIKE = {"alike_scenes": 0.5, "alike_photographs": 0.5}
"""and among those that are merely alike."""
HELD_OUT_COUNTS = {"studio": 276, "composites": 300, "unedited_photographs": 100, "unedited_scenes": 100}
"""Pairs of the set that is measured with."""
HELD_OUT_SEED = 2505
HELD_OUT_CANVAS = 320


def draw_pair(rng: np.random.Generator, origin: str, held_out: bool = False) -> LabelledPair:
    """A pair of one of ORIGINS; of what is held out, or of what is not: they share no photograph and no cut-out."""
    return ORIGINS[origin](rng, held_out)


def held_out_pairs(count: int, origin: str) -> Iterator[LabelledPair]:
    """The first `count` pairs of an origin to measure with, always the same.

    Those of the studio are edits of one object, well done and wrong in turns.
    """
    for index in range(count):
        rng = np.random.default_rng([HELD_OUT_SEED, list(ORIGINS).index(origin), index, 1])
        if origin == "studio":
            yield draw_local_edit(rng, ("well_done", "wrong")[index % 2], HELD_OUT_CANVAS, held_out=True)
        else:
            yield draw_pair(rng, origin, held_out=True)
