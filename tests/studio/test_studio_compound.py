"""Compound edits: what is asked for in one sentence, and candidates that do one part of it, both, or none."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from studio.edits.compound import COMPOUND_TIERS, PART_KINDS, SEEN, CompoundEdit, compound_edit, compound_set, do_parts
from studio.edits.instructions import IMPERATIVES
from studio.renderer.placing import free
from studio.renderer.scene import render
from studio.renderer.sprites import sprites_at_hand

CANVAS = 96
COUNT = 24

pytestmark = pytest.mark.skipif(not sprites_at_hand(), reason="the sprites are not there: make sprites")


@lru_cache
def edits() -> tuple[CompoundEdit, ...]:
    return tuple(compound_set(3, COUNT, canvas=CANVAS))


def test_parts_concern_different_objects_and_no_place() -> None:
    kinds = set()
    for edit in edits():
        first, second = edit.parts
        assert first.original == second.original
        assert len(first.original.items) >= 3
        assert first.source is None or first.source != second.source
        assert first.anchor is second.anchor is None
        names = [item.name for item in edit.scenes["both"].items]
        assert len(names) == len(set(names))
        kinds |= {first.edit_type, second.edit_type}
    assert kinds == set(PART_KINDS)


def test_the_instruction_asks_for_both_in_order() -> None:
    for edit in edits():
        first, second = (intent.source or intent.target for intent in edit.intents)
        assert first in edit.instruction
        assert second in edit.instruction.split(first, 1)[1], edit.instruction
        assert "{" not in edit.instruction
        verbs = {wording.split()[0].lower() for wordings in IMPERATIVES.values() for wording in wordings}
        said = edit.instruction.lower().replace(".", " ").replace(",", " ").split()
        assert said[0] in verbs
        assert sum(word in verbs for word in said) >= 2


def test_candidates_do_what_they_are_said_to_do() -> None:
    for edit in edits():
        first, second = edit.parts
        assert list(edit.candidates) == list(COMPOUND_TIERS)
        assert edit.scenes["none"] == first.original
        assert edit.scenes["first"] == first.edited == do_parts(first)
        assert edit.scenes["second"] == second.edited == do_parts(second)
        for part in (first, second):
            if part.target is not None:
                wanted = part.edited.items[part.target]
                assert wanted in edit.scenes["both"].items
                assert wanted in edit.scenes["both_damaged"].items
            elif part.source is not None:
                assert part.original.items[part.source].name not in [item.name for item in edit.scenes["both"].items]


def test_there_is_room_for_both_parts() -> None:
    for edit in edits():
        new = [part.edited.items[part.target] for part in edit.parts if part.target is not None]
        assert len(new) < 2 or free(new[0], (new[1],))


def test_one_part_leaves_the_place_of_the_other_as_it_was() -> None:
    for edit in edits():
        for done, other in (edit.parts, edit.parts[::-1]):
            if done.source is None or other.source is None:
                continue
            before, after = render(done.original, CANVAS), render(done.edited, CANVAS)
            kept = before.masks[other.source] & (np.abs(before.image.astype(int) - after.image).max(axis=2) < 40)
            assert kept.sum() > 0.95 * before.masks[other.source].sum()


def test_damage_is_seen() -> None:
    for edit in edits():
        gap = np.abs(edit.candidates["both_damaged"].astype(int) - edit.candidates["both"]).max(axis=2)
        assert (gap > 20).mean() > SEEN / 2


def test_what_is_unchanged_is_slightly_disturbed() -> None:
    for edit in edits():
        gap = np.abs(edit.candidates["none"].astype(float) - edit.original).mean()
        assert 0 < gap < 4


def test_a_set_is_the_same_for_the_same_seed_and_holds_out() -> None:
    once, again = compound_edit(3, 1, canvas=64), compound_edit(3, 1, canvas=64)
    assert once.instruction == again.instruction
    assert all(np.array_equal(once.candidates[quality], again.candidates[quality]) for quality in COMPOUND_TIERS)
    assert compound_edit(3, 1, held_out=False, canvas=64).parts != once.parts
