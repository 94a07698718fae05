"""Sets of rendered edits, the same for the same seed, for benchmarks to score and bundles to be calibrated on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from editjudge.types import EditIntent, Image
from studio.edits.candidates import TIERS, candidates
from studio.edits.edit import EDIT_KINDS, EDIT_RULES, SceneEdit, random_edit
from studio.renderer.backgrounds import KINDS
from studio.renderer.scene import Scene, render

CANVAS = 320


@dataclass(frozen=True)
class RenderedEdit:
    """An original, what is asked for, and candidates. Pictures are uint8[S, S, 3] RGB.

    Attributes:
        original: The picture before the edit.
        instruction, intent, edit_type: What is asked for.
        candidates: Edited pictures by quality, best first.
        edit: What the original shows, and what it should become.
        scenes: What the candidates show, before flaws are inflicted on their pixels; by quality.
    """

    original: Image
    instruction: str
    intent: EditIntent
    edit_type: str
    candidates: dict[str, Image]
    edit: SceneEdit
    scenes: dict[str, Scene]


def rendered_edit(
    seed: int,
    index: int,
    held_out: bool = True,
    edit_type: str | None = None,
    *,
    canvas: int = CANVAS,
    backgrounds: tuple[str, ...] = KINDS,
    qualities: Collection[str] = tuple(TIERS),
) -> RenderedEdit:
    """One edit of a set; held-out sets share neither seeds nor photographs with those for training and calibration.

    Only candidates of the qualities that are asked for are rendered, which takes most of the time.
    """
    rng = np.random.default_rng([seed, index, int(held_out)])
    rules = replace(EDIT_RULES, held_out=held_out, backgrounds=backgrounds)
    edit = random_edit(rng, rules, edit_type or EDIT_KINDS[index % len(EDIT_KINDS)])
    made = candidates(rng, edit, rules)
    return RenderedEdit(
        original=render(edit.original, canvas).image,
        instruction=edit.instruction,
        intent=edit.intent,
        edit_type=edit.edit_type,
        candidates={candidate.quality: candidate.image(canvas) for candidate in made if candidate.quality in qualities},
        edit=edit,
        scenes={candidate.quality: candidate.scene for candidate in made},
    )


def edit_set(
    seed: int,
    count: int,
    held_out: bool = True,
    canvas: int = CANVAS,
    backgrounds: tuple[str, ...] = KINDS,
    *,
    qualities: Collection[str] = tuple(TIERS),
) -> Iterator[RenderedEdit]:
    """`count` edits, whose types take turns."""
    return (
        rendered_edit(seed, index, held_out, canvas=canvas, backgrounds=backgrounds, qualities=qualities)
        for index in range(count)
    )
