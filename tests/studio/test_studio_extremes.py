"""The opposite of an edit, too much of it, and none at all but for a drift: each is what it is said to be."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from studio.edits.candidates import EXTREMES, CandidateScene, candidates
from studio.edits.damage import Flaw, inflict
from studio.edits.drifts import DRIFTS
from studio.edits.edit import EDIT_KINDS, EDIT_RULES, SceneEdit, random_edit
from studio.edits.extremes import ACROSS, STEP
from studio.renderer.placing import might_stand, offset
from studio.renderer.scene import Item, render
from studio.renderer.sprites import sprites_at_hand
from studio.renderer.world import COLOURS, OPPOSITES

CANVAS = 96
SEEDS = range(12)

needs_sprites = pytest.mark.skipif(not sprites_at_hand(), reason="the sprites are not there: make sprites")


@lru_cache
def offered(edit_type: str) -> tuple[tuple[SceneEdit, dict[str, CandidateScene]], ...]:
    edits = (random_edit(np.random.default_rng([seed, 9]), EDIT_RULES, edit_type) for seed in SEEDS)
    return tuple(
        (edit, {one.quality: one for one in candidates(np.random.default_rng(seed), edit, EDIT_RULES)})
        for seed, edit in enumerate(edits)
    )


def made(edit_type: str, quality: str) -> list[tuple[SceneEdit, CandidateScene]]:
    return [(edit, candidate[quality]) for edit, candidate in offered(edit_type) if quality in candidate]


def contraries(edit_type: str) -> list[tuple[SceneEdit, Item]]:
    """Edits, and the edited object in their opposites; nothing else may have changed."""
    found = []
    for edit, candidate in made(edit_type, "contrary"):
        before, after = list(edit.original.items), list(candidate.scene.items)
        found.append((edit, after[edit.source]))
        del before[edit.source], after[edit.source]
        assert before == after
    return found


def test_opposites_are_of_the_other_colours() -> None:
    assert set(OPPOSITES) == set(COLOURS)
    for colour, opposite in OPPOSITES.items():
        distance = np.linalg.norm(np.subtract(COLOURS[colour], COLOURS[opposite]))
        assert distance > 130, (colour, opposite)


@needs_sprites
def test_there_are_enough_of_each() -> None:
    for edit_type in ("color", "size", "move", "remove"):
        assert len(made(edit_type, "contrary")) >= len(SEEDS) // 4
    for edit_type in ("add", "replace", "texture", "style"):
        assert not made(edit_type, "contrary")
    for edit_type in EDIT_KINDS:
        assert len(made(edit_type, "too_strong")) >= len(SEEDS) // 2
        assert len(made(edit_type, "drifted")) == len(SEEDS)


@needs_sprites
def test_the_contrary_colour_is_the_opposite() -> None:
    for edit, item in contraries("color"):
        assert item.colour == OPPOSITES[edit.edited.items[edit.target].colour]


@needs_sprites
def test_the_contrary_size_is_the_opposite() -> None:
    for edit, item in contraries("size"):
        old = edit.original.items[edit.source]
        assert item.size > 1.2 * old.size if edit.intent.size == "smaller" else item.size < 0.8 * old.size


@needs_sprites
def test_the_contrary_move_goes_the_other_way() -> None:
    for edit, item in contraries("move"):
        position, old = edit.intent.position, edit.original.items[edit.source]
        if edit.anchor is None:
            assert offset(item, ACROSS[position], old)[0] >= STEP
        elif position in ACROSS:
            assert might_stand(item, ACROSS[position], edit.original.items[edit.anchor])
        else:
            anchor = edit.original.items[edit.anchor]
            was, now = (np.hypot(one.x - anchor.x, one.y - anchor.y) for one in (old, item))
            assert now > was


@needs_sprites
def test_what_should_be_gone_is_there_twice() -> None:
    for edit, candidate in made("remove", "contrary"):
        *before, twin = candidate.scene.items
        assert tuple(before) == edit.original.items
        assert (twin.name, twin.colour) == (before[edit.source].name, before[edit.source].colour)
        assert might_stand(twin, "near", before[edit.source])


@needs_sprites
@pytest.mark.parametrize("edit_type", EDIT_KINDS)
def test_drifted_shows_the_original(edit_type: str) -> None:
    for edit, candidate in made(edit_type, "drifted"):
        (flaw,) = candidate.flaws
        assert candidate.scene == edit.original
        assert np.array_equal(candidate.image(CANVAS), DRIFTS[flaw.kind](render(edit.original, CANVAS).image))


@needs_sprites
@pytest.mark.parametrize("edit_type", EDIT_KINDS)
def test_too_strong_does_the_edit_and_more(edit_type: str) -> None:
    for edit, candidate in made(edit_type, "too_strong"):
        if edit_type == "style":
            assert candidate.scene == edit.edited
            assert candidate.flaws[0].kind == "overdone"
            continue
        assert candidate.scene != edit.edited
        if edit.target is None:
            assert set(candidate.scene.items) < set(edit.edited.items)
            continue
        assert candidate.scene.items[edit.target] == edit.edited.items[edit.target]
        if edit.anchor is not None:
            assert candidate.scene.items[edit.anchor] == edit.edited.items[edit.anchor]


@needs_sprites
@pytest.mark.parametrize("edit_type", ["color", "texture", "size", "move"])
def test_too_strong_changes_pixels_outside_the_edited_object(edit_type: str) -> None:
    for edit, candidate in made(edit_type, "too_strong"):
        asked, strong = render(edit.edited, CANVAS), render(candidate.scene, CANVAS)
        outside = ~(asked.masks[edit.target] | strong.masks[edit.target])
        gap = np.abs(asked.image.astype(int) - strong.image).max(axis=2)
        assert (gap[outside] > 30).sum() > 40


@needs_sprites
@pytest.mark.parametrize("edit_type", ["add", "replace"])
def test_too_strong_brings_copies(edit_type: str) -> None:
    for edit, candidate in made(edit_type, "too_strong"):
        wanted, expected = edit.edited.items[edit.target], edit.edited.items
        assert candidate.scene.items[: len(expected)] == expected
        copies = candidate.scene.items[len(expected) :]
        assert 1 <= len(copies) <= 2
        assert {copy.phrase for copy in copies} == {wanted.phrase}


@needs_sprites
def test_the_same_seed_gives_the_same_candidates() -> None:
    edit, _ = offered("color")[0]
    first, second = (candidates(np.random.default_rng(4), edit, EDIT_RULES) for _ in range(2))
    assert first == second


@needs_sprites
def test_the_other_candidates_do_not_depend_on_extremes(monkeypatch: pytest.MonkeyPatch) -> None:
    firsts = [offered(edit_type)[0] for edit_type in EDIT_KINDS]
    monkeypatch.setattr("studio.edits.candidates._extremes", lambda *_: ())
    for edit, with_them in firsts:
        without = candidates(np.random.default_rng(0), edit, EDIT_RULES)
        assert list(without) == [one for quality, one in with_them.items() if quality not in EXTREMES]


def test_overdone_pictures_are_clipped() -> None:
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    picture = np.stack([np.tile(ramp, (64, 1)), np.tile(ramp[:, None], (1, 64)), np.full((64, 64), 128, np.uint8)], 2)
    strong = inflict(picture, Flaw("overdone", strength=3.0))
    assert np.isin(strong, (0, 255)).mean() > 0.4
    assert np.array_equal(inflict(picture, Flaw("overdone", strength=1.0)), picture)
