"""Edits of two parts that are asked for in one instruction, and candidates of which it is known what part they do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from editjudge.types import EditIntent, Image
from studio.edits.candidates import CandidateScene, disturb, edited_items, spoil_elsewhere
from studio.edits.edit import EDIT_RULES, MAKERS, SceneEdit
from studio.edits.edit_set import CANVAS
from studio.edits.instructions import instruct_both
from studio.renderer.placing import PROBE, free, inside
from studio.renderer.scene import Item, Scene, SceneRules, random_scene, render

COMPOUND_RULES = replace(EDIT_RULES, count=(3, 4))
PART_KINDS = ("add", "remove", "replace", "color", "texture", "size")
"""The edit types of a part: those that concern one object and no place."""
COMPOUND_TIERS = {"both": 2, "both_damaged": 1, "first": 1, "second": 1, "none": 0}
"""Of two candidates of different tiers, the one of the higher tier is the better edit."""
SEEN = 0.01
"""The share of the picture that damage must clearly change."""
STREAM = 2
"""Sets the seeds of compound edits apart from those of edits."""


@dataclass(frozen=True)
class CompoundEdit:
    """An original, what is asked for in one instruction, and candidates. Pictures are uint8[S, S, 3] RGB.

    Attributes:
        original: The picture before the edit.
        instruction: Both parts in one, as "Make the car blue and remove the umbrella."
        parts: The two edits, each of the original alone, in the order of the instruction.
        candidates: Edited pictures by quality, best first: "both" parts done, "both_damaged" with something else
            spoilt, only the "first", only the "second", "none". All have a slight flaw.
        scenes: What the candidates show, before flaws are inflicted on their pixels; by quality.
    """

    original: Image
    instruction: str
    parts: tuple[SceneEdit, SceneEdit]
    candidates: dict[str, Image]
    scenes: dict[str, Scene]

    @property
    def intents(self) -> tuple[EditIntent, EditIntent]:
        first, second = self.parts
        return first.intent, second.intent


def random_parts(rng: np.random.Generator, rules: SceneRules = COMPOUND_RULES) -> tuple[SceneEdit, SceneEdit]:
    """Two edits of different objects of one scene of at least three; they can be done both."""
    while True:
        scene = random_scene(rng, rules)
        if len(scene.items) < 3:
            continue
        first, second = (
            _random_part(rng, rules, scene, int(index)) for index in rng.choice(len(scene.items), 2, replace=False)
        )
        if first is not None and second is not None and _agree(first, second):
            return first, second


def _random_part(rng: np.random.Generator, rules: SceneRules, scene: Scene, index: int) -> SceneEdit | None:
    if not inside(scene.items[index]):
        return None
    part = MAKERS[str(rng.choice(PART_KINDS))](rng, rules, scene, index)
    return part if part is not None and part.anchor is None else None


def _agree(first: SceneEdit, second: SceneEdit) -> bool:
    """Whether there is room for what both bring, and no name is there twice."""
    new = [item for item in map(_outcome, (first, second)) if item is not None]
    names = [item.name for item in do_parts(first, second).items]
    return len(names) == len(set(names)) and (len(new) < 2 or free(new[0], (new[1],)))


def _outcome(part: SceneEdit) -> Item | None:
    """The edited object as it should be; None where it should be gone."""
    return None if part.target is None else part.edited.items[part.target]


def do_parts(*parts: SceneEdit) -> Scene:
    """The scene with all these edits done, each of which is of the same original and of another object."""
    original = parts[0].original
    changed = {part.source: _outcome(part) for part in parts if part.source is not None}
    kept = [changed.get(index, item) for index, item in enumerate(original.items)]
    added = [_outcome(part) for part in parts if part.source is None]
    return replace(original, items=tuple(item for item in (*kept, *added) if item is not None))


def _spoil(
    rng: np.random.Generator, parts: tuple[SceneEdit, SceneEdit], both: Scene, rules: SceneRules
) -> CandidateScene:
    """Both parts done, but with something else spoilt, and that to be seen: a blurred patch of a plain one is not."""
    spared, whole = edited_items(parts[0]) + edited_items(parts[1]), render(both, PROBE).image
    while True:
        spoilt = spoil_elsewhere(rng, parts[0].original, both, spared, rules)
        gap = np.abs(spoilt.image(PROBE).astype(np.int16) - whole).max(axis=2)
        if (gap > 20).mean() > SEEN:
            return replace(spoilt, quality="both_damaged")


def compound_edit(seed: int, index: int, held_out: bool = True, canvas: int = CANVAS) -> CompoundEdit:
    """One edit of a set; held-out sets share neither seeds nor photographs with those for training and calibration."""
    rng = np.random.default_rng([seed, index, int(held_out), STREAM])
    rules = replace(COMPOUND_RULES, held_out=held_out)
    first, second = random_parts(rng, rules)
    original, both = first.original, do_parts(first, second)
    made = (
        CandidateScene("both", both),
        _spoil(rng, (first, second), both, rules),
        CandidateScene("first", first.edited),
        CandidateScene("second", second.edited),
        CandidateScene("none", original),
    )
    return CompoundEdit(
        original=render(original, canvas).image,
        instruction=instruct_both(rng, first.intent, second.intent),
        parts=(first, second),
        candidates={candidate.quality: disturb(rng, candidate).image(canvas) for candidate in made},
        scenes={candidate.quality: candidate.scene for candidate in made},
    )


def compound_set(seed: int, count: int, held_out: bool = True, canvas: int = CANVAS) -> Iterator[CompoundEdit]:
    """`count` compound edits, the same for the same seed."""
    return (compound_edit(seed, index, held_out, canvas) for index in range(count))
