"""Damage in steps: each is twice the one before, as much as it says, and none of it touches what is spared."""

from __future__ import annotations

import numpy as np
import pytest

from studio.edits.graded import SPOILT, STEPS, WAYS, Patch, spoil
from studio.renderer.scene import Item

SPARED = Item("", 0.3, 0.7, 0.3)
PICTURE = np.random.default_rng(3).integers(0, 256, (320, 320, 3), dtype=np.uint8)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(5))
def test_every_step_is_twice_the_one_before(way: str, seed: int) -> None:
    steps = WAYS[way](np.random.default_rng(seed), (SPARED,))
    amounts = [sum(patch.side**2 * patch.levels for patch in patches) for patches in steps]
    assert np.array(amounts[1:]) / amounts[:-1] == pytest.approx([2.0] * (STEPS - 1))
    for patch in steps[-1]:
        apart = max(abs(patch.x - SPARED.x), abs(patch.y - SPARED.y))
        assert apart >= (patch.side + SPARED.size) / 2 - 0.06  # objects may touch


@pytest.mark.parametrize("kind", SPOILT)
def test_a_square_changes_by_as_much_as_is_said_and_nothing_else_does(kind: str) -> None:
    patch = Patch(0.5, 0.25, 0.2, 20.0)
    change = np.abs(spoil(PICTURE, kind, (patch,)).astype(float) - PICTURE)
    inside = change[48:112, 128:192]
    assert inside.mean() == pytest.approx(patch.levels, abs=0.3)
    assert change.sum() == pytest.approx(inside.sum())


def test_what_cannot_change_so_strongly_is_none() -> None:
    black = np.zeros_like(PICTURE)
    patch = Patch(0.5, 0.5, 0.2, 30.0)
    assert spoil(black, "blackened", (patch,)) is None
    assert spoil(black, "blurred", (patch,)) is None
    assert spoil(black, "inverted", (patch,)) is not None
