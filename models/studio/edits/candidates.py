"""Candidates of known quality for an edit: what an editing model might hand back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from editjudge.types import Image
from studio.edits.damage import PATCHES, Flaw, inflict, overdone, slight
from studio.edits.drifts import DRIFTS
from studio.edits.edit import SceneEdit, new_item, repaint
from studio.edits.extremes import contrary, too_strong
from studio.edits.mistakes import misplaced, wrong
from studio.renderer.placing import free, place, with_item
from studio.renderer.scene import Item, Scene, SceneRules, random_item, random_scene, render

TIERS = {
    "well_done": 2, "damaged": 1, "misplaced": 1, "too_strong": 1, "wrong": 0, "unchanged": 0, "noise": 0,
    "regenerated": 0, "contrary": 0, "drifted": 0,
}  # fmt: skip
"""Of two candidates of different tiers, the one of the higher tier is the better edit."""
EXTREMES = ("too_strong", "contrary", "drifted")
"""The qualities that came later: figures without them can be compared with those from before."""


@dataclass(frozen=True)
class CandidateScene:
    """A picture of known quality: a scene, and the flaws that are inflicted on its pixels one after the other."""

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
    rng: np.random.Generator, edit: SceneEdit, rules: SceneRules, disturbed: bool = True
) -> tuple[CandidateScene, ...]:
    """One candidate of each quality that makes sense for the edit, best first.

    With `disturbed`, no pixel stays exactly as it was, as with real editing models; except that half of the unchanged
    candidates, and every drifted one, stay as they are.
    """
    # Its own generator: the other candidates are what they were before there were extremes.
    (own,) = rng.spawn(1)
    usual = _usual(rng, edit, rules, disturbed)
    return tuple(sorted((*usual, *_extremes(own, edit, disturbed)), key=lambda candidate: -TIERS[candidate.quality]))


def _usual(rng: np.random.Generator, edit: SceneEdit, rules: SceneRules, disturbed: bool) -> tuple[CandidateScene, ...]:
    """The candidates of the qualities that are no extremes."""
    mistakes = {"misplaced": misplaced(rng, edit, rules), "wrong": wrong(rng, edit, rules)}
    made = (
        CandidateScene("well_done", edit.edited),
        spoil_elsewhere(rng, edit.original, edit.edited, edited_items(edit), rules),
        *(CandidateScene(quality, scene) for quality, scene in mistakes.items() if scene is not None),
        CandidateScene("unchanged", edit.original),
        CandidateScene("noise", edit.original, (_draw_noise(rng),)),
        CandidateScene("regenerated", regenerate(rng, edit, rules)),
    )
    if not disturbed:
        return made
    exact = {"noise", "unchanged"} if rng.random() < 0.5 else {"noise"}
    return tuple(candidate if candidate.quality in exact else disturb(rng, candidate) for candidate in made)


def _extremes(rng: np.random.Generator, edit: SceneEdit, disturbed: bool) -> Iterator[CandidateScene]:
    """The candidates of the qualities in EXTREMES that can be made."""
    scenes = {"too_strong": too_strong(rng, edit), "contrary": contrary(rng, edit)}
    for quality, scene in scenes.items():
        if scene is not None:
            # A style has nothing to spill over to: it is overdone.
            flaws = (overdone(rng),) if edit.edit_type == "style" else ()
            candidate = CandidateScene(quality, scene, flaws)
            yield disturb(rng, candidate) if disturbed else candidate
    yield CandidateScene("drifted", edit.original, (Flaw(str(rng.choice(list(DRIFTS)))),))


def disturb(rng: np.random.Generator, candidate: CandidateScene) -> CandidateScene:
    """The candidate with what an editing model does to every pixel."""
    return replace(candidate, flaws=(*candidate.flaws, slight(rng)))


def _draw_noise(rng: np.random.Generator) -> Flaw:
    return Flaw("grain", int(rng.integers(2**31)), float(np.exp(rng.uniform(np.log(8), np.log(50)))))


def spoil_elsewhere(
    rng: np.random.Generator, original: Scene, edited: Scene, spared: tuple[Item, ...], rules: SceneRules
) -> CandidateScene:
    """The edit well done, but with something else spoilt: an object that is not spared, or a patch of the picture."""
    others = [index for index, item in enumerate(edited.items) if item not in spared]
    for way in rng.permutation([*PATCHES, "add", *(("remove", "recolour") if others else ())]):
        if way in ("remove", "recolour"):
            index = int(rng.choice(others))
            replacement = None if way == "remove" else repaint(rng, edited.items[index], colour=True)
            return CandidateScene("damaged", with_item(edited, index, replacement))
        if way == "add":
            extra = place(rng, new_item(rng, rules, original, edited), edited.items + spared)
            if extra is not None:
                return CandidateScene("damaged", replace(edited, items=(*edited.items, extra)))
            continue
        patch = place(rng, Item("", 0.5, 0.5, float(rng.uniform(0.3, 0.45))), spared)
        if patch is not None:
            flaw = Flaw(str(way), int(rng.integers(2**31)), x=patch.x, y=patch.y, side=patch.size)
            return CandidateScene("damaged", edited, (flaw,))
    raise ValueError("a scene of at least two objects can always be damaged")


def edited_items(edit: SceneEdit) -> tuple[Item, ...]:
    """The edited object as it was and as it should be."""
    before = () if edit.source is None else (edit.original.items[edit.source],)
    after = () if edit.target is None else (edit.edited.items[edit.target],)
    return before + after


def regenerate(rng: np.random.Generator, edit: SceneEdit, rules: SceneRules) -> Scene:
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
