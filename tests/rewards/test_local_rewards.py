"""Batches judged by the embedded bundle: recorded edits, among them some that cannot be judged."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from editjudge.datasets.demo import load_demo
from editjudge.errors import BundleError, InputError
from editjudge.metrics.rewards.reward_score import REWARD_SIDES
from editjudge.rewards import Reward
from editjudge.scorer import Scorer

DEMOS = {demo.id: demo for demo in load_demo()}


@pytest.fixture(scope="module")
def reward() -> Iterator[Reward]:
    with Reward(device="cpu") as reward:
        yield reward


def copies(demo: str) -> tuple[list[Image.Image], list[Any], list[str]]:
    """A batch of a demo's candidates, the original copied for each, as trainers do."""
    one = DEMOS[demo]
    with Image.open(one.original) as picture:
        original = picture.convert("RGB")
    candidates = [candidate.file for candidate in one.candidates]
    return [original.copy() for _ in candidates], candidates, [one.instruction] * len(candidates)


def test_well_done_is_worth_most(reward: Reward) -> None:
    originals, edited, words = copies("color")
    rows = reward(originals, edited, words)
    by_label = dict(zip((candidate.label for candidate in DEMOS["color"].candidates), rows, strict=True))
    best, damaged = by_label["well done"], by_label["well done, with damage elsewhere"]
    assert best["overall"] == max(row["overall"] for row in rows)
    assert damaged["preserving"]["score"] < best["preserving"]["score"]
    assert by_label["nothing changed"]["following"]["score"] < damaged["following"]["score"]
    for row in rows:
        assert row["error"] is None
        assert row["judge"] == {"name": "local", "model": "studio", "prompts": None, "seed": None}
        following, preserving, quality = (row[side]["score"] for side in REWARD_SIDES)
        assert row["overall"] == pytest.approx(math.sqrt(min(following, preserving) * quality))
    assert json.loads(json.dumps(rows)) == rows


def test_the_original_of_copies_is_prepared_once(reward: Reward, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    prepare, score = Scorer.prepare, Scorer.score
    monkeypatch.setattr(Scorer, "prepare", lambda *a, **k: (asked.append("prepare"), prepare(*a, **k))[1])
    monkeypatch.setattr(Scorer, "score", lambda *a, **k: (asked.append("score"), score(*a, **k))[1])
    many, other = copies("color"), copies("add")
    together = reward(*([*one, two[0]] for one, two in zip(many, other, strict=True)))
    assert asked == ["prepare", "score"]
    alone = [reward([original], [edited], [text])[0] for original, edited, text in zip(*many, strict=True)]
    for one, row in zip(alone, together, strict=False):  # the last digits depend on what goes through the models beside
        assert one["overall"] == pytest.approx(row["overall"], abs=1e-3)


def test_a_bad_item_has_no_number_and_takes_none_along(reward: Reward) -> None:
    original, edited = DEMOS["color"].original, DEMOS["color"].candidates[0].file
    text = DEMOS["color"].instruction
    good = original, edited, text
    bad = [
        (original, "missing.png", text), (original, None, text), ("missing.png", edited, text), (original, edited, ""),
        (original, b"no picture", text), (original, edited, None), (None, None, None), (original, np.zeros(3), text),
        ("missing.png", edited, text),
    ]  # fmt: skip
    rows = reward(*zip(good, *bad, good, strict=True))
    (alone,) = reward([original], [edited], [text])
    assert rows[0]["overall"] == pytest.approx(alone["overall"], abs=1e-3)
    assert rows[-1]["overall"] == pytest.approx(alone["overall"], abs=1e-3)
    for row in rows[1:-1]:
        assert row["following"] is row["preserving"] is row["quality"] is row["overall"] is None
        assert row["judge"]["name"] == "local"
        assert row["error"]
        assert "bug" not in row["error"]
    assert "missing.png" in rows[1]["error"]
    assert "missing.png" in rows[3]["error"]


def test_a_batch_whose_models_fail_is_judged_one_by_one(reward: Reward, monkeypatch: pytest.MonkeyPatch) -> None:
    from editjudge.ranking import Prepared  # noqa: PLC0415

    def fail(*_: object) -> None:
        raise cv2.error("a fault of one picture")

    batch = copies("color")
    expected = reward(*batch)
    monkeypatch.setattr(Prepared, "scores", fail)
    rows = reward(*batch)
    assert [row["overall"] for row in rows] == pytest.approx([row["overall"] for row in expected], abs=1e-3)


def test_it_can_be_sent_to_a_process(reward: Reward) -> None:
    batch = [one[:2] for one in copies("color")]
    with pickle.loads(pickle.dumps(reward)) as sent:
        assert sent(*batch) == reward(*batch)
    with pytest.raises(InputError, match="this Reward is closed"):
        sent(*batch)


def test_a_bundle_that_is_not_there() -> None:
    with pytest.raises(BundleError):
        Reward(bundle="no-such-bundle")
