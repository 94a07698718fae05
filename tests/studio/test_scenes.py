"""Scenes and what they stand before: what rules ask for, and what is kept from training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.renderer.backgrounds import Background, draw_background
from studio.renderer.patterns import PATTERNS, PATTERNS_HELD_OUT
from studio.renderer.scene import SceneRules, random_scene, render
from studio.renderer.sprites import sprites_at_hand
from studio.renderer.varied import vary_rules

RULES = SceneRules(backgrounds=("tiles",))


@pytest.mark.parametrize("kind", [*PATTERNS, *PATTERNS_HELD_OUT])
def test_a_pattern_is_its_seed(kind):
    one, again, other = (draw_background(Background(kind, seed), 96) for seed in (1, 1, 2))
    assert one.shape == (96, 96, 3)
    np.testing.assert_array_equal(one, again)
    assert np.abs(one.astype(float) - other).mean() > 4
    assert one.astype(float).std(axis=(0, 1)).max() > 2  # nothing plain


def test_no_training_sees_the_patterns_that_are_held_out(monkeypatch):
    assert not set(PATTERNS) & set(PATTERNS_HELD_OUT)
    monkeypatch.setattr("studio.renderer.varied._photographs", tuple)
    rng = np.random.default_rng(0)
    drawn = {kind for _ in range(200) for kind in vary_rules(rng, RULES).backgrounds}
    assert set(PATTERNS) <= drawn
    assert drawn.isdisjoint(PATTERNS_HELD_OUT)


def test_objects_may_be_alike():
    plain = [random_scene(np.random.default_rng(seed), RULES) for seed in range(40)]
    alike = [random_scene(np.random.default_rng(seed), replace(RULES, alike=0.5)) for seed in range(40)]
    assert all(len({item.name for item in scene.items}) == len(scene.items) for scene in plain)
    assert sum(len({item.name for item in scene.items}) < len(scene.items) for scene in alike) > 10


@pytest.mark.skipif(not sprites_at_hand(), reason="needs the sprites: make sprites")
def test_objects_may_be_cut_by_the_border():
    def cut(rules: SceneRules) -> float:
        scenes = [random_scene(np.random.default_rng(seed), rules) for seed in range(30)]
        boxes = np.concatenate([render(scene, 96).boxes for scene in scenes])
        return float(((boxes[:, :2] <= 0).any(axis=1) | (boxes[:, 2:] >= 96).any(axis=1)).mean())

    assert cut(replace(RULES, cut=0.4)) > 2 * cut(RULES)
