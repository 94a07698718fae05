"""Sets of rendered edits, the same for the same seed: what the benchmark scores and the bundle is calibrated on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from editjudge.types import EditIntent
from studio.candidates import candidates
from studio.edits import EDIT_KINDS, EDIT_RULES, Edit, random_edit
from studio.scene import Image, Scene, render

CANVAS = 320


@dataclass(frozen=True)
class RenderedEdit:
    """An original, what is asked of it, and candidates by quality, best first; all uint8[S, S, 3] RGB.

    scenes: what the candidates show, before any flaw of their pixels.
    """

    original: Image
    instruction: str
    intent: EditIntent
    edit_type: str
    candidates: dict[str, Image]
    edit: Edit
    scenes: dict[str, Scene]


def rendered_edit(
    seed: int, index: int, held_out: bool = True, edit_type: str | None = None, canvas: int = CANVAS
) -> RenderedEdit:
    """One edit of a set; held-out sets share neither seeds nor photographs with those for training and calibration."""
    rng = np.random.default_rng([seed, index, int(held_out)])
    rules = replace(EDIT_RULES, held_out=held_out)
    edit = random_edit(rng, rules, edit_type or EDIT_KINDS[index % len(EDIT_KINDS)])
    made = candidates(rng, edit, rules)
    return RenderedEdit(
        original=render(edit.original, canvas).image,
        instruction=edit.instruction,
        intent=edit.intent,
        edit_type=edit.edit_type,
        candidates={one.quality: one.image(canvas) for one in made},
        edit=edit,
        scenes={one.quality: one.scene for one in made},
    )


def edit_set(seed: int, count: int, held_out: bool = True, canvas: int = CANVAS) -> Iterator[RenderedEdit]:
    """`count` edits, the types taking turns."""
    return (rendered_edit(seed, index, held_out, canvas=canvas) for index in range(count))
