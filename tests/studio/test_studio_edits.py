"""The studio's edits: what is asked is what was done, and every candidate is what it is said to be."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from editjudge.image.boxes import MOVED, stands
from studio.edits.candidates import TIERS, CandidateScene, candidates
from studio.edits.damage import PATCHES, Flaw, inflict
from studio.edits.edit import EDIT_KINDS, EDIT_RULES, SceneEdit, random_edit
from studio.edits.edit_set import edit_set, rendered_edit
from studio.edits.instructions import RELATIONS, instruct, with_article
from studio.renderer.placing import box_iou
from studio.renderer.scene import Item, Rendered, Scene, render
from studio.renderer.sprites import sprites_at_hand
from studio.renderer.world import STYLES

CANVAS = 160
SEEDS = range(6)
LOCAL = [kind for kind in EDIT_KINDS if kind != "style"]

needs_sprites = pytest.mark.skipif(not sprites_at_hand(), reason="the sprites are not there: make sprites")


@lru_cache
def edits(edit_type: str) -> tuple[tuple[SceneEdit, Rendered, Rendered], ...]:
    made = (random_edit(np.random.default_rng([seed, 7]), EDIT_RULES, edit_type) for seed in SEEDS)
    return tuple((edit, render(edit.original, CANVAS), render(edit.edited, CANVAS)) for edit in made)


@lru_cache
def offered(edit_type: str) -> tuple[tuple[SceneEdit, dict[str, CandidateScene]], ...]:
    return tuple(
        (edit, {one.quality: one for one in candidates(np.random.default_rng(seed), edit, EDIT_RULES, disturbed=False)})
        for seed, (edit, _, _) in enumerate(edits(edit_type))
    )


def named(scene: Scene, phrase: str | None) -> list[Item]:
    """The objects that a phrase fits."""
    return [item for item in scene.items if phrase in (item.name, item.phrase)]


def area_ratio(edit: SceneEdit, original: Rendered, edited: Rendered) -> float:
    return float(edited.masks[edit.target].sum() / original.masks[edit.source].sum())


def test_articles() -> None:
    phrases = {"car": "a car", "orange bus": "an orange bus", "umbrella": "an umbrella", "blue owl": "a blue owl"}
    phrases |= {"red scissors": "a pair of red scissors", "bread": "some bread", "grapes": "some grapes"}
    assert {phrase: with_article(phrase) for phrase in phrases} == phrases


@pytest.mark.parametrize("edit_type", EDIT_KINDS)
def test_every_wording_names_all_that_is_asked(edit_type: str) -> None:
    rng, wordings = np.random.default_rng(1), set()
    for turn in range(120):
        parts = {"source": "dotted owl", "target": "red car", "attribute": "red", "position": "left", "size": "larger"}
        wanted = {"add": ["red car"], "replace": ["dotted owl", "red car"], "color": ["dotted owl", "red"]}
        wanted |= {"texture": ["dotted owl", "red"], "style": ["sepia"]}
        if edit_type == "style":
            parts["attribute"] = "sepia"
        if edit_type in ("add", "move") and turn % 2:
            parts |= {"anchor": "blue sofa", "position": str(rng.choice(list(RELATIONS)))}
        text = instruct(rng, edit_type, **parts)
        assert all(phrase in text for phrase in wanted.get(edit_type, ["dotted owl"])), text
        assert ("blue sofa" in text) == ("anchor" in parts), text
        assert "{" not in text
        wordings.add(text.rstrip(".").lower())
    assert len(wordings) >= 8


@needs_sprites
@pytest.mark.parametrize("edit_type", EDIT_KINDS)
def test_phrases_fit_one_object_each(edit_type: str) -> None:
    for edit, _, _ in edits(edit_type):
        intent = edit.intent
        assert intent.edit_type == edit_type
        assert (edit.source is None) == (intent.source in (None, "all"))
        if edit.source is not None:
            assert named(edit.original, intent.source) == [edit.original.items[edit.source]]
            assert intent.source in edit.instruction
        if edit.target is not None:
            assert named(edit.edited, intent.target) == [edit.edited.items[edit.target]]
        if edit.anchor is not None:
            assert named(edit.original, intent.anchor) == [edit.original.items[edit.anchor]]
            assert edit.original.items[edit.anchor] == edit.edited.items[edit.anchor]


@needs_sprites
@pytest.mark.parametrize("edit_type", LOCAL)
def test_only_the_object_changes(edit_type: str) -> None:
    for edit, original, edited in edits(edit_type):
        before = [item for index, item in enumerate(edit.original.items) if index != edit.source]
        after = [item for index, item in enumerate(edit.edited.items) if index != edit.target]
        assert before == after
        assert not np.array_equal(original.image, edited.image)
        visibility = [
            scene.visible[index]
            for scene, index in ((original, edit.source), (edited, edit.target))
            if index is not None
        ]
        assert min(visibility) > 0.9


@needs_sprites
@pytest.mark.parametrize("edit_type", ["add", "move"])
def test_object_stands_where_asked(edit_type: str) -> None:
    for edit, original, edited in edits(edit_type):
        box, position = edited.boxes[edit.target], edit.intent.position
        if edit_type == "move":
            assert box_iou(original.boxes[edit.source], box) < MOVED / 2
            assert area_ratio(edit, original, edited) == pytest.approx(1, abs=0.1)
        if edit.anchor is not None:
            assert stands(box, position, original.boxes[edit.anchor])
            if edit_type == "move":
                assert not stands(original.boxes[edit.source], position, original.boxes[edit.anchor])
        elif edit_type == "move":
            assert stands(box, position, original.boxes[edit.source])
        else:
            assert position == "unchanged"


@needs_sprites
def test_size_changes_as_asked() -> None:
    ways = set()
    for edit, original, edited in edits("size"):
        ratio = area_ratio(edit, original, edited)
        assert ratio > 1.4 if edit.intent.size == "larger" else ratio < 0.65
        ways.add(edit.intent.size)
    assert ways == {"larger", "smaller"}


@needs_sprites
@pytest.mark.parametrize("edit_type", ["replace", "color", "texture"])
def test_object_keeps_place_and_size(edit_type: str) -> None:
    for edit, original, edited in edits(edit_type):
        assert box_iou(original.boxes[edit.source], edited.boxes[edit.target]) > MOVED + 0.1
        assert 0.85 < area_ratio(edit, original, edited) < 1.15
        if edit_type != "replace":
            paint = edit.edited.items[edit.target]
            assert edit.intent.target == f"{paint.colour or paint.texture} {paint.name}"


@needs_sprites
def test_style_concerns_everything() -> None:
    for edit, _, _ in edits("style"):
        assert edit.intent.is_global
        assert edit.intent.target == STYLES[edit.edited.style]
        assert edit.edited == replace(edit.original, style=edit.edited.style)


@needs_sprites
@pytest.mark.parametrize("edit_type", EDIT_KINDS)
def test_candidates_are_what_they_are_said_to_be(edit_type: str) -> None:
    for edit, candidate in offered(edit_type):
        assert set(candidate) <= set(TIERS)
        assert set(TIERS) - set(candidate) <= {"misplaced", "wrong", "contrary", "too_strong"}
        assert [TIERS[quality] for quality in candidate] == sorted(map(TIERS.get, candidate), reverse=True)
        assert candidate["well_done"].scene == edit.edited
        assert candidate["unchanged"].scene == candidate["noise"].scene == edit.original
        assert candidate["damaged"].scene != edit.edited or candidate["damaged"].flaws
        if edit.target is not None:
            target = edit.edited.items[edit.target]
            assert target in candidate["damaged"].scene.items
            assert [item.phrase for item in named(candidate["regenerated"].scene, target.phrase)] == [target.phrase]
        if "wrong" in candidate:
            assert candidate["wrong"].scene not in (edit.original, edit.edited)
        if "misplaced" in candidate:
            moved = named(candidate["misplaced"].scene, edit.edited.items[edit.target].phrase)[0]
            wanted = edit.edited.items[edit.target]
            assert (moved.name, moved.colour, moved.texture) == (wanted.name, wanted.colour, wanted.texture)
            assert (moved.x, moved.y, moved.size) != (wanted.x, wanted.y, wanted.size)


@needs_sprites
def test_misplaced_additions_stand_elsewhere() -> None:
    for edit, candidate in offered("add"):
        assert ("misplaced" in candidate) <= (edit.anchor is not None)
        if "misplaced" in candidate:
            boxes = render(candidate["misplaced"].scene, CANVAS).boxes
            assert not stands(boxes[edit.target], edit.intent.position, boxes[edit.anchor])


@needs_sprites
def test_damage_spares_the_edited_object() -> None:
    for kind in ("color", "replace", "size"):
        for edit, candidate in offered(kind):
            flaws = candidate["damaged"].flaws
            if any(flaw.kind in PATCHES for flaw in flaws):
                mask = render(edit.edited, CANVAS).masks[edit.target]
                kept = candidate["damaged"].image(CANVAS)[mask] == candidate["well_done"].image(CANVAS)[mask]
                assert kept.mean() > 0.97


def digest(seed: int) -> str:
    total = hashlib.sha256()
    for edit in edit_set(seed, len(EDIT_KINDS), canvas=96):
        total.update(edit.instruction.encode() + edit.original.tobytes())
        for quality, image in edit.candidates.items():
            total.update(quality.encode() + image.tobytes())
    return total.hexdigest()


@needs_sprites
def test_set_is_the_same_for_the_same_seed() -> None:
    assert digest(5) == digest(5)
    assert digest(5) != digest(6)


@needs_sprites
def test_set_takes_types_in_turn_and_holds_out() -> None:
    assert [edit.edit_type for edit in edit_set(2, len(EDIT_KINDS), canvas=64)] == list(EDIT_KINDS)
    assert rendered_edit(2, 0, True, canvas=64).edit != rendered_edit(2, 0, False, canvas=64).edit


@needs_sprites
def test_real_candidates_are_slightly_disturbed() -> None:
    (edit, plain), *_ = offered("color")
    shaken = {one.quality: one for one in candidates(np.random.default_rng(0), edit, EDIT_RULES)}
    before, after = (one["well_done"].image(CANVAS).astype(float) for one in (plain, shaken))
    assert 0 < np.abs(before - after).mean() < 4


@pytest.mark.parametrize("kind", ["jpeg", "grain", *PATCHES])
def test_flaws_are_repeatable_and_local(kind: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    flaw = Flaw(kind, seed=3, strength=80 if kind == "jpeg" else 2, x=0.25, y=0.25, side=0.5)
    once = inflict(picture, flaw)
    assert np.array_equal(once, inflict(picture, flaw))
    assert not np.array_equal(once, picture)
    assert kind not in PATCHES or np.array_equal(once[32:], picture[32:])


def test_unknown_flaw_is_refused() -> None:
    with pytest.raises(ValueError, match="no flaw of the kind 'rust'"):
        inflict(np.zeros((8, 8, 3), np.uint8), Flaw("rust", side=0.5))
