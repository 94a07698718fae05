"""Pairs of the studio's scenes: edited as asked or not, taken at two moments, or not edited at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.differences.composites import sway
from studio.differences.ground_truth import find_scene_changes
from studio.differences.nuisances import inflict_nuisances
from studio.differences.pair import LabelledPair
from studio.edits.candidates import CandidateScene, candidates, disturb, edited_items, spoil_elsewhere
from studio.edits.compound import COMPOUND_RULES, do_parts, random_parts
from studio.edits.edit import EDIT_KINDS, EDIT_RULES, SceneEdit, new_item, random_edit, repaint, resize, stand_in
from studio.edits.instructions import instruct_both
from studio.renderer.placing import place, with_item
from studio.renderer.scene import Item, Scene, SceneRules, random_scene, render
from studio.renderer.varied import before_anything

CANVASES = (256, 256, 320)
UNTOLD = "regenerated"
"""The quality whose differences are not known: it is another scene."""
LOCAL = tuple(kind for kind in EDIT_KINDS if kind != "style")
BACKGROUNDS_OF_ALL_KINDS = 0.7
"""The share of scenes to train on that stand before photographs and patterns of all kinds."""
COMPOUND, SEVERAL = 0.15, 0.15
"""The shares of scenes to train on with two edits asked for in one, and with several that nobody asked for."""
DRIFTED = 0.6
"""The share of edited scenes with nuisances, beside the slight flaws that candidates have."""
STATES = ("same", "gone", "moved", "painted", "resized", "replaced")
CHANCES = (0.4, 0.18, 0.14, 0.1, 0.08, 0.1)
"""What becomes of an object from one moment to the next."""


def draw_scene_edit(rng: np.random.Generator, held_out: bool) -> LabelledPair:
    """A scene and a candidate for an edit of it; of those to train on some are compounds, or more than was asked."""
    draw = rng.random()
    if not held_out and draw < COMPOUND:
        return _drift(rng, _draw_compound(rng, held_out))
    if not held_out and draw < COMPOUND + SEVERAL:
        return _drift(rng, _draw_moments(rng, held_out))
    rules = _draw_rules(rng, EDIT_RULES, held_out)
    edit = random_edit(rng, rules)
    made = [one for one in candidates(rng, edit, rules) if one.quality != UNTOLD]
    told = [one for one in made if one.scene != edit.original]
    chosen = told if rng.random() < 0.92 else made
    return _drift(rng, label_candidate(edit, chosen[int(rng.integers(len(chosen)))], int(rng.choice(CANVASES))))


def draw_local_edit(rng: np.random.Generator, quality: str, canvas: int, held_out: bool) -> LabelledPair:
    """A candidate of a quality for an edit of one object, with nothing besides the slight flaw that it has."""
    rules = replace(EDIT_RULES, held_out=held_out)
    while True:
        edit = random_edit(rng, rules, str(rng.choice(LOCAL)))
        made = {one.quality: one for one in candidates(rng, edit, rules)}
        if quality in made:
            return label_candidate(edit, made[quality], canvas)


def label_candidate(edit: SceneEdit, candidate: CandidateScene, canvas: int) -> LabelledPair:
    """What differs between an original and a candidate of any quality but "regenerated"."""
    if candidate.quality == UNTOLD:
        raise ValueError("what differs between a scene and another one is not known")
    changes = find_scene_changes(edit.original, candidate.scene, canvas, edit.edited, candidate.flaws)
    original = render(edit.original, canvas).image
    origin = f"studio/{candidate.quality}"
    return LabelledPair(original, candidate.image(canvas), changes, edit.instruction, (edit.intent,), origin)


def _draw_rules(rng: np.random.Generator, rules: SceneRules, held_out: bool) -> SceneRules:
    if held_out or rng.random() > BACKGROUNDS_OF_ALL_KINDS:
        return replace(rules, held_out=held_out)
    return before_anything(rules)


def _drift(rng: np.random.Generator, pair: LabelledPair) -> LabelledPair:
    """The pair with nuisances, most of the time."""
    return replace(pair, edited=inflict_nuisances(rng, pair.edited, 2)) if rng.random() < DRIFTED else pair


def _draw_compound(rng: np.random.Generator, held_out: bool) -> LabelledPair:
    """Two edits asked for in one instruction, of which one or both are done."""
    rules = _draw_rules(rng, COMPOUND_RULES, held_out)
    parts = random_parts(rng, rules)
    original, both = parts[0].original, do_parts(*parts)
    spared = edited_items(parts[0]) + edited_items(parts[1])
    made = (
        CandidateScene("both", both),
        replace(spoil_elsewhere(rng, original, both, spared, rules), quality="both_damaged"),
        CandidateScene("first", parts[0].edited),
        CandidateScene("second", parts[1].edited),
    )
    candidate, canvas = disturb(rng, made[int(rng.integers(len(made)))]), int(rng.choice(CANVASES))
    changes = find_scene_changes(original, candidate.scene, canvas, both, candidate.flaws)
    intents = parts[0].intent, parts[1].intent
    return LabelledPair(
        render(original, canvas).image, candidate.image(canvas), changes, instruct_both(rng, *intents), intents,
        f"studio/{candidate.quality}",
    )  # fmt: skip


def _draw_moments(rng: np.random.Generator, held_out: bool) -> LabelledPair:
    """A scene, and a later moment of it, as it is."""
    rules = _draw_rules(rng, replace(EDIT_RULES, count=(1, 5), size=(0.12, 0.4)), held_out)
    before = random_scene(rng, rules)
    canvas, after = int(rng.choice(CANVASES)), _pass_time(rng, before, rules)
    changes = find_scene_changes(before, after, canvas)
    original, edited = (render(scene, canvas).image for scene in (before, after))
    return LabelledPair(original, edited, changes, None, (), "studio/several")


def draw_scene_moments(rng: np.random.Generator, held_out: bool) -> LabelledPair:
    """A scene at two moments: objects came, went and moved, and the camera did a little as well."""
    pair = _draw_moments(rng, held_out)
    return replace(pair, edited=inflict_nuisances(rng, sway(rng, pair.edited)), origin="alike/scene")


def _pass_time(rng: np.random.Generator, scene: Scene, rules: SceneRules) -> Scene:
    """The scene as it is later."""
    for old in scene.items:
        index, state = scene.items.index(old), str(rng.choice(STATES, p=CHANCES))
        new = _change_item(rng, scene, index, state, rules)
        if new is not None or state == "gone":
            scene = with_item(scene, index, new)
    for _ in range(int(rng.choice(3, p=[0.5, 0.35, 0.15]))):
        added = place(rng, new_item(rng, rules, scene), scene.items)
        scene = scene if added is None else replace(scene, items=(*scene.items, added))
    return scene


def _change_item(rng: np.random.Generator, scene: Scene, index: int, state: str, rules: SceneRules) -> Item | None:
    """The object in another state; None where it is gone or there is no room."""
    old = scene.items[index]
    if state == "moved":
        return place(rng, old, scene.items)
    if state == "painted":
        return repaint(rng, old, colour=bool(rng.random() < 0.6))
    if state == "resized":
        return resize(rng, scene, index, bool(rng.random() < 0.5))
    if state == "replaced":
        return stand_in(scene, index, lambda: new_item(rng, rules, scene))
    return old if state == "same" else None


def draw_unedited_scene(rng: np.random.Generator, held_out: bool) -> LabelledPair:
    """A scene, and what nuisances left of it."""
    scene = random_scene(rng, _draw_rules(rng, EDIT_RULES, held_out))
    picture = render(scene, int(rng.choice(CANVASES))).image
    return LabelledPair(picture, inflict_nuisances(rng, picture, 4), (), None, (), "nuisances/scene")
