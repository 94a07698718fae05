"""The best of studio edits, by the trained models, are those of a full ranking: the same scores in the same order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from editjudge import Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.models.model_set import ModelSet


@pytest.fixture(scope="module")
def scorer(studio: Bundle) -> Scorer:
    return Scorer(ModelSet(studio, "cpu", 1))


@pytest.mark.parametrize("demo", load_demo()[:5], ids=lambda one: one.id)
def test_the_best_are_those_of_a_full_ranking(scorer: Scorer, demo: DemoInput) -> None:
    prepared = scorer.prepare(demo.original, demo.instruction)
    files = [one.file for one in demo.candidates]
    full = prepared.rank(files)
    for best in (1, 2, len(files)):
        ranked = prepared.rank(files, best=best)
        for one, other in zip(ranked[:best], full, strict=False):
            assert one.score is not None
            assert other.score is not None
            assert one.index == other.index
            assert replace(one.score, timings_ms={}) == replace(other.score, timings_ms={})
        for one in ranked[best:]:
            value = next(other.score.value for other in full if other.index == one.index and other.score)
            assert one.score is not None or value is None or (one.bound is not None and value <= one.bound)
