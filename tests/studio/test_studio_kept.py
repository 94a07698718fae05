"""Of "everything except the car", the edit that left the car beats one that removed it, on rendered scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editjudge import EditIntent, EditScore, Scorer
from studio.renderer.scene import Scene, SceneRules, random_scene, render
from studio.renderer.sprites import sprites_at_hand

CANVAS = 384
SEEDS = (0, 1, 2, 3, 5, 7)
RULES = SceneRules(count=(3, 4), size=(0.2, 0.34), overlap=0.02)
WELL, SPOILT, ALL_GONE, HALF = "only the kept one", "all but the kept one", "nothing", "one thing left"

pytestmark = pytest.mark.skipif(not sprites_at_hand(), reason="the sprites are not there: make sprites")


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("studio", device="cpu", threads=1)


def scene_of(seed: int) -> Scene:
    return random_scene(np.random.default_rng([seed, 77]), RULES)


@pytest.mark.parametrize("seed", SEEDS)
def test_removing_everything_except_one(scorer: Scorer, seed: int) -> None:
    scene = scene_of(seed)
    place = seed % len(scene.items)
    kept, rest = scene.items[place], (*scene.items[:place], *scene.items[place + 1 :])
    left = {WELL: (kept,), SPOILT: rest, ALL_GONE: (), HALF: (kept, rest[0])}
    prepared = scorer.prepare(render(scene, CANVAS).image, EditIntent("remove", "all", None, keep=kept.phrase))
    scores: dict[str, EditScore] = {
        name: prepared.score(render(replace(scene, items=items), CANVAS).image) for name, items in left.items()
    }
    values = {name: score.bpm for name, score in scores.items()}
    assert None not in values.values()
    assert values[WELL] > max(values[HALF], values[ALL_GONE]) > values[SPOILT] == 0.0
    assert scores[WELL].semantic.preserve > 0.95
    assert f"the {kept.phrase} was to stay, but" in scores[SPOILT].explanation
    assert [name for name, score in scores.items() if "keep_changed" in score.flags] == [SPOILT, ALL_GONE]
    assert scores[SPOILT].verdict.decision == "reject"


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 6, 7])
def test_black_and_white_except_one(scorer: Scorer, seed: int) -> None:
    scene = random_scene(np.random.default_rng([seed, 78]), replace(RULES, count=(3, 3)))
    kept, rendered = scene.items[0].phrase, render(scene, CANVAS)
    gray = render(replace(scene, style="gray"), CANVAS).image
    spared = np.where(rendered.masks[0][..., None], rendered.image, gray)
    prepared = scorer.prepare(rendered.image, EditIntent("style", "all", "black and white", keep=kept))
    good, all_gray = prepared.score(spared), prepared.score(gray)
    assert good.bpm > all_gray.bpm
    assert "keep_changed" in all_gray.flags
    assert "keep_changed" not in good.flags
    assert good.semantic.modify == pytest.approx(all_gray.semantic.modify, abs=0.05)  # what is kept has no say there
    assert good.verdict.probability > all_gray.verdict.probability
