"""What differs between two scenes, told from the scenes themselves.

A change is an item that differs, a patch of the picture that is spoilt, or another style. Its mask are the pixels that
it alters noticeably when it is rendered alone, before anything else is done; its box is the tight one of that mask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from editjudge.metrics.dice.difference import Change
from editjudge.types import Image
from studio.differences.pair import LabelledChange, Mask, differing, is_seen, tight_box
from studio.edits.damage import PATCHES, Flaw, inflict
from studio.renderer.scene import Item, Scene, render

ItemChange = tuple[Item | None, Item | None]
"""An item as it was and as it is; None where there was or is none."""


def match_items(before: Scene, after: Scene) -> tuple[ItemChange, ...]:
    """The items that differ: first those of one name, the nearest first, then those of which one took another's place.

    What is left came or went.
    """
    old = [item for item in before.items if item not in after.items]
    new = [item for item in after.items if item not in before.items]
    named = sorted(
        ((one, other) for one in old for other in new if one.name == other.name), key=lambda both: _distance(*both)
    )
    placed = [(one, other) for one in old for other in new if _distance(one, other) == 0]
    matched: list[ItemChange] = []
    for one, other in (*named, *placed):
        if one in old and other in new:
            old.remove(one)
            new.remove(other)
            matched.append((one, other))
    return (*matched, *((one, None) for one in old), *((None, other) for other in new))


def find_scene_changes(
    original: Scene, edited: Scene, canvas: int, asked: Scene | None = None, flaws: Sequence[Flaw] = ()
) -> tuple[LabelledChange, ...]:
    """All that differs between two scenes of one background.

    Args:
        original: The scene before the edit.
        edited: The scene after it.
        canvas: Pixels of a side.
        asked: What the original should become; None: nothing was asked for.
        flaws: What is inflicted on the pixels of the edited scene; those that touch all of them alike are no change.
    """
    changes: list[LabelledChange] = []
    before = render(original, canvas).image
    for both in match_items(original, edited):
        coherent = None if asked is None else _is_asked(both, original, asked)
        changes += _label_item(original, before, both, coherent, len(changes))
    clean = render(edited, canvas).image if flaws else None
    for flaw in flaws:
        if flaw.kind in PATCHES and clean is not None:
            mask = differing(clean, inflict(clean, flaw))
            changes += _label("EDIT", mask, None if asked is None else False)
    overdone = any(flaw.kind == "overdone" for flaw in flaws)
    if overdone or edited.style != original.style:
        coherent = None if asked is None else edited.style == asked.style and not overdone
        changes += _label("EDIT", np.ones((canvas, canvas), bool), coherent)
    return tuple(changes)


def _distance(one: Item, other: Item) -> float:
    return float(np.hypot(one.x - other.x, one.y - other.y))


def _is_asked(both: ItemChange, original: Scene, asked: Scene) -> bool:
    """Whether the item is in the state that it should be in; gone is not replaced."""
    old, new = both
    if old is None:
        return new in asked.items
    wanted = dict(match_items(original, asked)).get(old, old)
    return new == wanted


def _label_item(
    scene: Scene, before: Image, both: ItemChange, coherent: bool | None, first: int
) -> Iterator[LabelledChange]:
    """The change of an item, or the two halves of one that moved.

    Args:
        scene: What there was.
        before: The same, rendered.
        both: The item as it was and as it is.
        coherent: Whether that was asked for.
        first: The index that the first of these changes will have.
    """
    old, new = both
    canvas = len(before)
    there = before if new is None else render(_exchange(scene, old, new), canvas).image
    if old is not None and new is not None and _distance(old, new) == 0:
        yield from _label("EDIT", differing(before, there), coherent, old.name)
        return
    gone = before if old is None else render(_exchange(scene, old, None), canvas).image
    removed, added = differing(before, gone), differing(gone, there)
    halves = old is not None and new is not None and is_seen(removed) and is_seen(added)
    if old is not None:
        yield from _label("REMOVE", removed, coherent, old.name, first + 1 if halves else None)
    if new is not None:
        yield from _label("ADD", added, coherent, new.name, first if halves else None)


def _label(
    change: Change, mask: Mask, coherent: bool | None, element: str | None = None, partner: int | None = None
) -> Iterator[LabelledChange]:
    """The change, if it can be seen."""
    if is_seen(mask):
        yield LabelledChange(change, tight_box(mask), mask, coherent, element, partner)


def _exchange(scene: Scene, old: Item | None, new: Item | None) -> Scene:
    """The scene with one item for another, in its place from back to front, or with one more before all."""
    fresh = () if new is None else (new,)
    if old is None:
        return replace(scene, items=scene.items + fresh)
    index = scene.items.index(old)
    return replace(scene, items=scene.items[:index] + fresh + scene.items[index + 1 :])
