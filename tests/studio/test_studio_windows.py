"""The studio's own models of windows, on the demo's edits: what they find is what a look at the whole finds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from editjudge import EditScore, Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import load_demo
from editjudge.image.boxes import iou
from editjudge.models.model_set import ModelSet
from editjudge.types import FoundBox


@pytest.fixture(scope="module")
def scores(studio: Bundle) -> list[tuple[EditScore, EditScore]]:
    """Of the demo's candidates that were looked at in windows alone; and looked at whole."""
    models = ModelSet(studio, "cpu", 1)
    near, every = (Scorer(models, look=look, keep_answers=False) for look in ("changes", "all"))

    def score_both() -> Iterator[tuple[EditScore, EditScore]]:
        for demo in load_demo():
            prepared = [scorer.prepare(demo.original, demo.instruction) for scorer in (near, every)]
            for candidate in demo.candidates:
                one, other = (side.score(candidate.file) for side in prepared)
                if one.looked_at.reason is None:
                    yield one, other

    return list(score_both())


def boxes(score: EditScore) -> list[FoundBox]:
    return sorted(score.regions["edited"], key=lambda found: found.box)


def test_some_are_seen_in_windows_at_less_cost(scores: list[tuple[EditScore, EditScore]]) -> None:
    assert len(scores) >= 4
    assert all(0 < near.looked_at.share < every.looked_at.share == 1 for near, every in scores)


def test_the_same_objects_are_found_and_cut_out(scores: list[tuple[EditScore, EditScore]]) -> None:
    for near, every in scores:
        assert [found.phrase for found in boxes(near)] == [found.phrase for found in boxes(every)]
        for one, other in zip(boxes(near), boxes(every), strict=True):
            assert iou(np.array(one.box, np.float32), np.array(other.box, np.float32)) > 0.75
        both, either = (
            join(near.evidence.edited_mask, every.evidence.edited_mask).sum()
            for join in (np.logical_and, np.logical_or)
        )
        assert both > 0.7 * either


def test_the_verdict_is_the_same(scores: list[tuple[EditScore, EditScore]]) -> None:
    assert [near.verdict.decision for near, _ in scores] == [every.verdict.decision for _, every in scores]
