"""Candidates of known quality for an edit: what an editing model might hand back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from studio.damage import PATCHES, Flaw, inflict, slight
from studio.edits import Edit, new_item, repaint
from studio.mistakes import misplaced, wrong
from studio.placing import free, place, with_item
from studio.scene import Image, Item, Scene, SceneRules, random_item, random_scene, render

TIERS = {
    "well_done": 2, "damaged": 1, "misplaced": 1, "wrong": 0, "unchanged": 0, "noise": 0, "regenerated": 0,
}  # fmt: skip
"""Of two candidates of different tiers, the one of the higher tier is the better edit."""


@dataclass(frozen=True)
class Candidate:
    """A picture of known quality: a scene and the flaws inflicted on its pixels, in turn."""

    quality: str
    scene: Scene
    flaws: tuple[Flaw, ...] = ()

    def image(self, canvas: int) -> Image:
        """uint8[canvas, canvas, 3] RGB."""
        picture = render(self.scene, canvas).image
        for flaw in self.flaws:
            picture = inflict(picture, flaw)
        return picture


def candidates(
    rng: np.random.Generator, edit: Edit, rules: SceneRules, disturbed: bool = True
) -> tuple[Candidate, ...]:
    """One candidate of each quality that makes sense for the edit, best first.

    With `disturbed`, no pixel stays exact, as with real editing models; but half of the unchanged ones stay so.
    """
    mistakes = {"misplaced": misplaced(rng, edit, rules), "wrong": wrong(rng, edit, rules)}
    made = (
        Candidate("well_done", edit.edited),
        damaged(rng, edit, rules),
        *(Candidate(quality, scene) for quality, scene in mistakes.items() if scene is not None),
        Candidate("unchanged", edit.original),
        Candidate("noise", edit.original, (_noise(rng),)),
        Candidate("regenerated", regenerated(rng, edit, rules)),
    )
    if not disturbed:
        return made
    exact = {"noise", "unchanged"} if rng.random() < 0.5 else {"noise"}
    return tuple(one if one.quality in exact else replace(one, flaws=(*one.flaws, slight(rng))) for one in made)


def _noise(rng: np.random.Generator) -> Flaw:
    return Flaw("grain", int(rng.integers(2**31)), float(np.exp(rng.uniform(np.log(8), np.log(50)))))


def damaged(rng: np.random.Generator, edit: Edit, rules: SceneRules) -> Candidate:
    """The edit well done, and something elsewhere spoilt: another object, or a patch of the picture."""
    scene, spared = edit.edited, edited_items(edit)
    others = [index for index in range(len(scene.items)) if index != edit.target]
    for way in rng.permutation([*PATCHES, "add", *(("remove", "recolour") if others else ())]):
        if way in ("remove", "recolour"):
            index = int(rng.choice(others))
            put = None if way == "remove" else repaint(rng, scene.items[index], colour=True)
            return Candidate("damaged", with_item(scene, index, put))
        if way == "add":
            extra = place(rng, new_item(rng, rules, edit.original, scene), scene.items + spared)
            if extra is not None:
                return Candidate("damaged", replace(scene, items=(*scene.items, extra)))
            continue
        patch = place(rng, Item("", 0.5, 0.5, float(rng.uniform(0.3, 0.45))), spared)
        if patch is not None:
            flaw = Flaw(str(way), int(rng.integers(2**31)), x=patch.x, y=patch.y, side=patch.size)
            return Candidate("damaged", scene, (flaw,))
    raise ValueError("a scene of at least two objects can always be damaged")


def edited_items(edit: Edit) -> tuple[Item, ...]:
    """The edited object as it was and as it should be."""
    before = () if edit.source is None else (edit.original.items[edit.source],)
    after = () if edit.target is None else (edit.edited.items[edit.target],)
    return before + after


def regenerated(rng: np.random.Generator, edit: Edit, rules: SceneRules) -> Scene:
    """A new scene that shows what the instruction names, as a text-to-image model would paint it."""
    scene = random_scene(rng, rules)
    named = edited_items(edit)
    if not named:
        return replace(scene, style=edit.edited.style)
    wanted = named[-1]
    item = random_item(rng, rules, wanted.name)
    item = replace(item, colour=wanted.colour, texture=wanted.texture)
    rest = tuple(other for other in scene.items if other.name != wanted.name and free(item, (other,)))
    return replace(scene, items=(*rest, item))
